// @ts-check
/** What rollcall does, as log lines of pino: registrations, discoveries, verdicts, reaping; and what is no secret of it. */

import assert from 'node:assert/strict';
import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import pino from 'pino';
import { Registry } from 'rollcall';
import { start, useRegistry } from './support.js';

// To stderr: stdout may be the protocol's, as in a server over stdio. And to this story, which asserts.
/** @type {Record<string, any>[]} */
const lines = [];
const story = { write: (/** @type {string} */ line) => void lines.push(JSON.parse(line)) };
const streams = [process.stderr, story].map((stream) => ({ level: /** @type {const} */ ('debug'), stream }));
const logger = pino({ level: 'debug' }, pino.multistream(streams));

/** How much each channel matters. @type {Record<string, (message: any) => pino.Level>} */
const levels = {
  'rollcall:register': () => 'info',
  'rollcall:deregister': () => 'info',
  'rollcall:discover': () => 'debug',
  'rollcall:verdict': ({ verdict }) => (verdict === 'alive' ? 'debug' : 'warn'),
  'rollcall:reap': () => 'info',
  'rollcall:health': ({ to }) => (to === 'critical' ? 'error' : 'info'),
  'rollcall:route': ({ outcome }) => (outcome === 'failed' ? 'warn' : 'debug'),
};
for (const [channel, level] of Object.entries(levels)) {
  // In a place of its own: pino has a `pid` and a `name` as well.
  subscribe(channel, (message) => logger[level(message)]({ rollcall: message }, channel));
}

// From here on nobody thinks of logs.
const registry = new Registry({ directory: useRegistry() });
const headers = [{ name: 'Authorization', value: 'Bearer hush-hush', isSecret: true }];
await registry.register({ name: 'maps', endpoints: [{ type: 'http', url: 'http://127.0.0.1:7778', headers }] });
const weather = start('mcp-server.js', ['weather']);
const { id } = await registry.waitFor({ name: 'weather' }, { timeout: 10_000 });
const gone = once(weather, 'exit');
weather.kill('SIGKILL');
await gone;
await registry.pick({ name: 'weather' });
await registry.reap();
await registry.close();

/** @param {string} channel */
const told = (channel) =>
  lines.filter(({ msg }) => msg === channel).map(({ level, rollcall }) => ({ level, ...rollcall }));
assert.deepEqual(
  ['register', 'reap', 'deregister'].map((word) => told(`rollcall:${word}`).map(({ name }) => name)),
  [['maps'], ['weather'], ['maps']],
);
assert.equal(told('rollcall:register')[0]?.pid, process.pid);
const verdicts = told('rollcall:verdict').filter((line) => line.id === id && line.by === 'registry');
assert.deepEqual(
  verdicts.map(({ previous, verdict, level }) => [previous, verdict, level]),
  [
    [undefined, 'alive', pino.levels.values.debug],
    ['alive', 'dead', pino.levels.values.warn],
  ],
);
const picks = told('rollcall:discover').filter(({ method }) => method === 'pick');
assert.deepEqual([picks.at(-2)?.picked, picks.at(-1)?.picked], [id, undefined]);
assert.ok(picks.every(({ took }) => took >= 0));
assert.ok(!JSON.stringify(lines).includes('hush-hush'));
console.log(`${lines.length} lines, and no token in any of them`);
