// @ts-check
/**
 * The whole story, for a person: three real MCP servers start, are found, called, killed, and forgotten.
 *
 *   npm run demo
 *
 * It uses a registry of its own, and exits with 0 only if every step held.
 */

import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setImmediate } from 'node:timers/promises';
import { styleText } from 'node:util';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Registry, urlOf } from 'rollcall';
import { ending, start, useRegistry } from './support.js';

/** A death is known within a second. A machine that does much else at the time may be allowed more. In ms. */
const allowed = Number(process.env.DEMO_ALLOWED ?? 1_000);
/** For what is not measured. In ms. */
const patience = 15_000;
/** A heartbeat comes every third of it, here once a second. In ms. */
const ttl = 3_000;

const began = performance.now();
const directory = useRegistry({ isNew: true });
const registry = new Registry({ directory });

// Two that look on: a watcher in this process, and `rollcall watch` in one of its own. What they tell, and when.
/** @typedef {'here' | 'elsewhere'} Observer */
/** @type {{ by: Observer, type: string, name: string, reason: string | undefined, at: number }[]} */
const told = [];
const telling = new EventEmitter();
/** @param {Observer} by @param {Pick<import('rollcall').Change, 'type' | 'instance' | 'reason'>} change */
function tell(by, { type, instance, reason }) {
  told.push({ by, type, name: instance.name, reason, at: performance.now() });
  telling.emit('told');
}

const watcher = registry.watch({ kind: 'mcp' });
watcher.on('add', (instance) => tell('here', { type: 'add', instance, reason: undefined }));
watcher.on('change', (instance) => tell('here', { type: 'change', instance, reason: undefined }));
watcher.on('remove', (instance, reason) => tell('here', { type: 'remove', instance, reason }));

const cli = '../dist/cli/main.js';
const elsewhere = start(cli, ['watch', '--json'], 'pipe');
if (elsewhere.stdout === null) throw new Error('It has no stdout.');
createInterface({ input: elsewhere.stdout }).on('line', (line) => tell('elsewhere', JSON.parse(line)));

/**
 * Waits until an observer has told of something, and says how many ms after `since` it did.
 *
 * @param {Observer} by @param {number} since @param {string} name @param {string} type @param {string} [reason]
 */
async function heard(by, since, name, type, reason) {
  for (;;) {
    const found = told.find((one) => one.by === by && one.at > since && one.name === name && one.type === type);
    if (found !== undefined) {
      assert.equal(found.reason, reason, `the reason that was told ${by}`);
      return found.at - since;
    }
    await once(telling, 'told', { signal: AbortSignal.timeout(patience) });
  }
}

/** The names of those that are there, by what an observer has told so far. @param {Observer} by */
function listedBy(by) {
  const names = new Set();
  for (const { type, name } of told.filter((one) => one.by === by)) {
    if (type === 'remove') names.delete(name);
    else names.add(name);
  }
  return [...names];
}

/** What the servers write, shown if it comes to nothing. */
let log = '';
process.on('exit', (code) => {
  if (code !== 0) console.error(log);
});
/** @param {string} name */
function serve(name) {
  const server = start('mcp-server.js', [name, `${ttl}`], 'pipe');
  server.stderr?.on('data', (chunk) => {
    log += chunk;
  });
  return server;
}

/**
 * What a client does: it knows what it wants done, and nothing of who does it, or where.
 *
 * @param {string} capability such as "calculator.add" @param {Record<string, unknown>} input
 */
async function call(capability, input) {
  const instance = await registry.pick({ kind: 'mcp', capability });
  assert.ok(instance, `nobody has ${capability}`);
  const client = new Client({ name: 'demo', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
  await client.connect(new StreamableHTTPClientTransport(new URL(urlOf(instance, 'streamable-http'))));
  const name = capability.slice(capability.indexOf('.') + 1);
  const { content } = await client.callTool({ name, arguments: input });
  const protocol = client.getNegotiatedProtocolVersion();
  await client.close();
  const [first] = content;
  assert.ok(first?.type === 'text');
  return { text: first.text, from: `${instance.name} at ${urlOf(instance)}, MCP ${protocol}` };
}

const hasColor = process.stdout.isTTY && process.stdout.hasColors() && !process.env.NO_COLOR;
/** @param {'green' | 'red' | 'dim'} style @param {string} text */
const styled = (style, text) => (hasColor ? styleText(style, text) : text);
/** @param {number} duration */
const ms = (duration) => `${duration.toFixed(duration < 10 ? 1 : 0)} ms`;

/** @param {string} sentence what is so @param {() => Promise<string[]>} act shows it, and gives the facts */
async function step(sentence, act) {
  try {
    const facts = await act();
    console.log(`${styled('green', '✓')} ${sentence}`);
    for (const fact of facts) console.log(`    ${styled('dim', fact)}`);
  } catch (error) {
    console.log(`${styled('red', '✗')} ${sentence}`);
    console.error(error);
    process.exit(1);
  }
}

const servers = { weather: serve('weather'), notes: serve('notes'), calculator: serve('calculator') };
const names = Object.keys(servers);

await step('Three MCP servers start on ports nobody chose, and make themselves known.', async () => {
  const instances = await Promise.all(names.map((name) => registry.waitFor({ name }, { timeout: patience })));
  const known = performance.now() - began;
  assert.deepEqual(
    instances.map(({ process: { pid } }) => pid),
    Object.values(servers).map(({ pid }) => pid),
  );
  for (const name of names)
    for (const by of /** @type {const} */ (['here', 'elsewhere'])) await heard(by, 0, name, 'add');
  return [`all known after ${ms(known)}, also to a watcher here and to \`rollcall watch\` in another process`];
});

await step('Anyone can see them: this is what `rollcall` prints.', async () => {
  const list = start(cli, ['list'], 'pipe');
  assert.ok(list.stdout);
  const lines = [];
  for await (const line of createInterface({ input: list.stdout })) lines.push(line);
  assert.equal(await ending(list), 0);
  for (const name of names) assert.ok(lines.some((line) => line.startsWith(name)));
  return lines;
});

await step('A client picks each by what it can do, and calls it with the official MCP client.', async () => {
  const sum = await call('calculator.add', { numbers: [19, 23] });
  assert.equal(sum.text, '42');
  const kept = await call('notes.add', { text: 'buy milk' });
  const found = await call('notes.search', { word: 'milk' });
  assert.equal(found.text, 'buy milk');
  const now = await call('weather.current', { city: 'Oslo' });
  assert.match(now.text, /^Oslo: /);
  return [
    `calculator.add       19 + 23 = ${sum.text}   (${sum.from})`,
    `notes.add, .search   ${kept.text}, "${found.text}" found   (${found.from})`,
    `weather.current      ${now.text}   (${now.from})`,
  ];
});

await step('notes says that it is draining: it is still seen, and no longer picked.', async () => {
  const since = performance.now();
  servers.notes.send({ status: 'draining' });
  const here = await heard('here', since, 'notes', 'change');
  const there = await heard('elsewhere', since, 'notes', 'change');
  assert.equal((await registry.discover({ name: 'notes', status: 'draining' })).length, 1);
  assert.equal(await registry.pick({ name: 'notes' }), undefined);
  return [
    `${ms(here)} until the watcher in this process told so, ${ms(there)} until \`rollcall watch\` in another did`,
  ];
});

await step('weather is killed with SIGKILL, and whoever looks knows it within a second.', async () => {
  const [weather] = await registry.discover({ name: 'weather' });
  assert.ok(weather);
  const since = performance.now();
  servers.weather.kill('SIGKILL');
  while ((await registry.discover({ name: 'weather' })).length > 0) {
    assert.ok(performance.now() - since < patience, 'discover() lists the dead');
    await setImmediate();
  }
  const asked = performance.now() - since;
  const here = await heard('here', since, 'weather', 'remove', 'dead');
  const there = await heard('elsewhere', since, 'weather', 'remove', 'dead');
  assert.ok(Math.max(asked, here, there) < allowed, `${asked}, ${here}, ${there} ms`);
  const left = (await registry.inspect()).find(({ id }) => id === weather.id);
  assert.equal(left?.verdict, 'dead');
  const { removed } = await registry.reap();
  assert.deepEqual(
    removed.map(({ id }) => id),
    [weather.id],
  );
  return [
    `${ms(asked)} until discover() no longer listed it`,
    `${ms(here)} until the watcher here told so`,
    `${ms(there)} until \`rollcall watch\` in another process did`,
    `why: ${left.reason}; reap() removed what it left behind`,
  ];
});

await step('notes is ended with SIGTERM, and its entry is gone before it is.', async () => {
  const since = performance.now();
  servers.notes.kill('SIGTERM');
  const here = await heard('here', since, 'notes', 'remove', 'deregistered');
  const there = await heard('elsewhere', since, 'notes', 'remove', 'deregistered');
  assert.equal(await ending(servers.notes), 'SIGTERM');
  return [`${ms(here)} until the watcher here told so, ${ms(there)} until \`rollcall watch\` did`];
});

await step('Someone deletes the whole registry, and who is left puts itself back.', async () => {
  const [before] = await registry.discover();
  const since = performance.now();
  rmSync(directory, { recursive: true, maxRetries: 5 });
  const after = await registry.waitFor({ name: 'calculator' }, { timeout: patience });
  const took = performance.now() - since;
  assert.deepEqual(after, before);
  return [`${ms(took)} until calculator was back; a heartbeat comes every ${ms(ttl / 3)} here, else every 15 s`];
});

await step('calculator is ended with Ctrl-C, and nothing remains.', async () => {
  servers.calculator.kill('SIGINT');
  assert.equal(await ending(servers.calculator), 'SIGINT');
  assert.deepEqual(await registry.inspect(), []);
  for (const by of /** @type {const} */ (['here', 'elsewhere'])) {
    while (listedBy(by).length > 0) await once(telling, 'told', { signal: AbortSignal.timeout(patience) });
  }
  elsewhere.kill('SIGINT');
  await ending(elsewhere);
  await registry.close();
  return [`no entry, no process, nothing listed here or elsewhere; ${ms(performance.now() - began)} in all`];
});
