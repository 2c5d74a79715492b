/** The README is true: what it shows is run, as printed. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decode } from '../src/core/decode.js';
import { errorCodes } from '../src/core/errors.js';
import { isSecret, Registry } from '../src/index.js';
import { compile, createConsumer } from './support/consumer.js';
import { eventually } from './support/eventually.js';
import { root, start } from './support/processes.js';
import { tempFolder } from './support/temp.js';

const readme = readFileSync(join(root, 'README.md'), 'utf8');
const blocks = [...readme.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language, text = '']) => ({ language, text }));
const named = (name: string) => blocks.find(({ text }) => text.startsWith(`// ${name}\n`))?.text ?? '';

/** The snippets of a chapter, one program in the order in which they are read. */
function programOf(title: string): string {
  const begin = readme.indexOf(`## ${title}\n`);
  const chapter = readme.slice(begin, readme.indexOf('\n## ', begin));
  const all = [...chapter.matchAll(/^```js\n(.*?)^```$/gms)].map(([, block = '']) => block);
  // A block that begins with a file's name is that file.
  const text = all.filter((block) => !/^\/\/ [\w.]+\n/.test(block)).join('\n');
  const lines = text.split('\n');
  const isImport = (line: string) => line.startsWith('import ');
  return [...lines.filter(isImport), ...lines.filter((line) => !isImport(line))].join('\n');
}

test('the server and the client, pasted into an empty project, talk to each other, and the table is as printed', async () => {
  const folder = createConsumer();
  const env = { ROLLCALL_DIR: join(folder, 'registry') };
  writeFileSync(join(folder, 'server.js'), named('server.js'));
  writeFileSync(join(folder, 'client.js'), named('client.js'));
  // In either order: the client waits.
  const client = start(process.execPath, ['client.js'], env, folder);
  start(process.execPath, ['server.js'], env, folder);
  expect(await client.ended, client.errors()).toEqual({ code: 0, signal: null });
  expect(client.lines).toEqual(['sunny', '']);

  const [, printed = ''] = /\$ npx rollcall\n(.*?)```/s.exec(readme) ?? [];
  const seen = start('npx', ['rollcall'], env, folder);
  await seen.ended;
  const masked = (table: string) =>
    table
      .trim()
      .split('\n')
      .map((line) =>
        line
          .replace(/:\d+/, ':PORT')
          .replace(/\d+ +\d+s +\S+$/, 'PID UPTIME CWD')
          .replace(/ +/g, ' '),
      );
  expect(masked(seen.lines.join('\n'))).toEqual(masked(printed));
});

test('the server that is announced can be called by who has its entry, and by nobody else', async () => {
  const folder = createConsumer();
  const directory = join(folder, 'registry');
  writeFileSync(join(folder, 'announced.js'), named('announced.js'));
  const server = start(process.execPath, ['announced.js'], { ROLLCALL_DIR: directory }, folder);
  await using registry = new Registry({ directory });
  const instance = await registry.waitFor({ name: 'sunshine' }, { timeout: 20_000 });
  const [endpoint] = instance.endpoints;
  const value = endpoint?.headers?.[0]?.value;
  const url = endpoint?.url ?? '';
  expect((await fetch(url)).status).toBe(401);
  const answer = await fetch(url, { headers: { Authorization: isSecret(value) ? value.reveal() : '' } });
  expect(await answer.text()).toBe('sunny\n');
  server.child.kill('SIGTERM');
});

test('who listens is told what it says', async () => {
  const folder = createConsumer();
  writeFileSync(join(folder, 'listening.js'), named('listening.js'));
  const listening = start(process.execPath, ['listening.js'], { ROLLCALL_DIR: join(folder, 'registry') }, folder);
  expect(await listening.ended, listening.errors()).toEqual({ code: 0, signal: null });
  expect(listening.lines).toEqual([]);
  const plain = (text: string) =>
    text
      .replaceAll(/at: \d+/g, 'at: TIME')
      .replaceAll(/heard-[^']+/g, 'ID')
      .replaceAll(/\s+/g, ' ');
  const [said = ''] = named('listening.js').match(/(?<=deregister\(\); \/\/ ).*/) ?? [];
  expect(said).toContain('rollcall:deregister {');
  expect(plain(listening.errors())).toContain(plain(said));
  expect(plain(listening.errors())).toMatch(/^rollcall:register \{ at: TIME, id: 'ID', name: 'heard', pid: \d+ \}/);
});

test('the server that is connected to answers', async () => {
  const folder = createConsumer();
  const env = { ROLLCALL_DIR: join(folder, 'registry') };
  writeFileSync(join(folder, 'connected.js'), named('connected.js'));
  start(process.execPath, ['examples/mcp-server.js', 'calculator'], env);
  const client = start(process.execPath, ['connected.js'], env, folder);
  expect(await client.ended, client.errors()).toEqual({ code: 0, signal: null });
  const [said = ''] = named('connected.js').match(/(?<=console\.log\(content\); \/\/ ).*/) ?? [];
  expect(client.lines).toEqual([said]);
});

test('the monitor sees a server fall ill', async () => {
  const folder = createConsumer();
  const env = { ROLLCALL_DIR: join(folder, 'registry') };
  writeFileSync(join(folder, 'health.js'), named('health.js'));
  const server = start(process.execPath, [join(root, 'test/programs/health-server.js'), 'well', 'api'], env);
  await server.line(/^registered /);
  const monitor = start(process.execPath, ['health.js'], env, folder);
  expect(await monitor.line(/passing/, 20_000)).toBe('api: unknown → passing ');
  server.say('failing');
  expect(await monitor.ended, monitor.errors()).toEqual({ code: 0, signal: null });
  const [said = ''] = named('health.js').match(/(?<=counts\); \/\/ ).*/) ?? [];
  expect(monitor.lines.slice(1)).toEqual(['api: passing → critical (http: answers 500)', said]);
});

test('the calls that find an instance are answered as it says', async () => {
  const folder = createConsumer();
  const env = { ROLLCALL_DIR: join(folder, 'registry') };
  writeFileSync(join(folder, 'routed.js'), named('routed.js'));
  writeFileSync(join(folder, 'announced.js'), named('announced.js'));
  const server = start(process.execPath, ['announced.js'], env, folder);
  start(process.execPath, ['examples/mcp-server.js', 'calculator'], env);
  await using registry = new Registry({ directory: env.ROLLCALL_DIR });
  for (const name of ['sunshine', 'calculator']) await registry.waitFor({ name }, { timeout: 20_000 });
  const client = start(process.execPath, ['routed.js'], env, folder);
  expect(await client.ended, client.errors()).toEqual({ code: 0, signal: null });
  const said = [...named('routed.js').matchAll(/^console\.log\(.*; \/\/ (.*)$/gm)].map(([, line]) => line);
  expect(said).toHaveLength(4);
  expect(client.lines.filter((line) => line !== '')).toEqual(said);
  server.child.kill('SIGTERM');
});

test('all its snippets are TypeScript as they stand', () => {
  const folder = createConsumer();
  writeFileSync(join(folder, 'server.ts'), named('server.js'));
  writeFileSync(join(folder, 'client.ts'), named('client.js'));
  writeFileSync(join(folder, 'api.ts'), programOf('The API'));
  writeFileSync(join(folder, 'notes.ts'), named('notes.js'));
  writeFileSync(join(folder, 'announced.ts'), named('announced.js'));
  writeFileSync(join(folder, 'connected.ts'), named('connected.js'));
  writeFileSync(join(folder, 'health.ts'), named('health.js'));
  writeFileSync(join(folder, 'listening.ts'), named('listening.js'));
  writeFileSync(join(folder, 'routed.ts'), named('routed.js'));
  writeFileSync(join(folder, 'chapter.test.ts'), programOf('In tests'));
  expect(compile(folder)).toBe('');
  // Without Node's types, as in a project for the browser, the declarations stand on their own.
  writeFileSync(join(folder, 'tsconfig.json'), '');
  writeFileSync(join(folder, 'server.ts'), '');
  writeFileSync(join(folder, 'notes.ts'), '');
  writeFileSync(join(folder, 'announced.ts'), '');
  writeFileSync(join(folder, 'connected.ts'), '');
  writeFileSync(join(folder, 'health.ts'), '');
  writeFileSync(join(folder, 'listening.ts'), '');
  writeFileSync(join(folder, 'routed.ts'), '');
  writeFileSync(join(folder, 'chapter.test.ts'), "import 'rollcall/testing';\n");
  expect(compile(folder, { types: [], lib: ['es2022', 'dom'] })).toBe('');
  writeFileSync(
    join(folder, 'client.ts'),
    "import { discover } from 'rollcall';\nconst wrong: number = await discover();\nwrong;\n",
  );
  expect(compile(folder)).toContain('client.ts(2,');
});

test('what it shows of Fastify is what the test of announce does', () => {
  const plain = (text: string) => text.replaceAll(/\s+/g, ' ').trim();
  const tried = plain(readFileSync(join(root, 'test/mcp/announce.test.ts'), 'utf8'));
  const shown = blocks.filter(({ language }) => language === 'ts').map(({ text }) => plain(text));
  expect(shown).toHaveLength(1);
  for (const text of shown) expect(tried).toContain(text);
});

test("the API's chapter runs from top to bottom", async () => {
  const folder = createConsumer();
  writeFileSync(join(folder, 'api.js'), programOf('The API'));
  writeFileSync(join(folder, 'notes.js'), named('notes.js'));
  const tour = start(process.execPath, ['api.js'], { ROLLCALL_DIR: tempFolder() }, folder);
  expect(await tour.ended, tour.errors()).toEqual({ code: 0, signal: null });
  expect(tour.lines).toContain('Authorization [secret] 11');
  expect(tour.lines.filter((line) => line.startsWith('add maps'))).toHaveLength(1);
});

test('the chapter on tests is a file of tests, all of which pass', async () => {
  const folder = createConsumer();
  writeFileSync(join(folder, 'chapter.test.js'), programOf('In tests'));
  const run = start(process.execPath, ['--test', '--test-reporter=tap', 'chapter.test.js'], {}, folder);
  expect(await run.ended, run.lines.join('\n') + run.errors()).toEqual({ code: 0, signal: null });
  expect(run.lines).toEqual(
    expect.arrayContaining([expect.stringMatching(/^# pass [34]\d$/), '# fail 0', '# skipped 1']),
  );
});

test('every command it shows works', async () => {
  const folder = createConsumer();
  const env = {
    ROLLCALL_DIR: join(folder, 'registry'),
    PATH: `${join(folder, 'node_modules/.bin')}:${process.env.PATH}`,
  };
  writeFileSync(join(folder, 'server.js'), named('server.js'));
  writeFileSync(join(folder, 'notes.js'), named('notes.js'));
  const script =
    'require("http").createServer((_, response) => response.end("api")).listen(process.env.PORT, "127.0.0.1")';
  writeFileSync(join(folder, 'start.cjs'), script);
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'consumer', type: 'module', scripts: { start: 'node start.cjs' } }),
  );
  start(process.execPath, ['server.js'], env, folder);
  await new Registry({ directory: env.ROLLCALL_DIR }).waitFor({ name: 'weather' }, { timeout: 20_000 });

  const commands = blocks
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.split('\n'))
    .map((line) => line.replace(/ #.*/, '').trim())
    .filter((line) => /^rollcall\b/.test(line));
  expect(commands.length).toBeGreaterThanOrEqual(10);
  for (const command of commands) {
    // These run until they are told to stop, or until their host goes.
    const isLasting = /^rollcall (watch|health --watch|run|hub .*--http)/.test(command);
    const running = start('sh', ['-c', `exec ${command}`], env, folder);
    if (command.startsWith('rollcall hub')) running.child.stdin?.end();
    if (isLasting) {
      if (command.includes(' run ')) {
        await eventually(`${command} registers`, () => /api is at http:\/\/127/.test(running.errors()));
        const url = start(
          'sh',
          ['-c', 'curl --silent --fail $(rollcall url api) || true; rollcall url api'],
          env,
          folder,
        );
        await url.ended;
        expect(url.lines.join()).toMatch(/http:\/\/127\.0\.0\.1:\d+$/);
      } else {
        await running.line(/weather|^http:/);
      }
      running.interrupt();
      await running.ended;
    } else {
      expect(await running.ended, `${command}: ${running.errors()}`).toEqual({ code: 0, signal: null });
      if (command !== 'rollcall stop weather') continue;
      start(process.execPath, ['server.js'], env, folder);
      await new Registry({ directory: env.ROLLCALL_DIR }).waitFor({ name: 'weather' }, { timeout: 20_000 });
    }
  }
}, 60_000);

test('its two commands are the scripts of the package', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(readme).toContain('npm ci && npm run demo');
  expect(readme).toContain('npm ci && npm test');
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(['demo', 'test']));
});

test('the entry it shows is a legible one', () => {
  const entry = blocks.find(({ language }) => language === 'json')?.text ?? '';
  expect(decode(JSON.parse(entry).id, entry)).toMatchObject({ instance: { name: 'weather' } });
});

test('its table of errors is the one in the source', () => {
  const rows = [...readme.matchAll(/^\| `(ROLLCALL_\w+)` \| (.*) \|$/gm)].map(([, code, text]) => [code, text]);
  expect(Object.fromEntries(rows)).toEqual(errorCodes);
});

test('its links lead somewhere', () => {
  const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map(([, link = '']) => link);
  expect(links.length).toBeGreaterThan(3);
  for (const link of links) expect(existsSync(join(root, link)), link).toBe(true);
});
