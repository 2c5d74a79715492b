/** Every example holds, and would be seen not to. */

import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { createConsumer } from './support/consumer.js';
import { eventually } from './support/eventually.js';
import { type Running, root, start, startNode } from './support/processes.js';
import { tempFolder } from './support/temp.js';

const stories = [
  'chooser.js',
  'demo.js',
  'ensure.js',
  'express.js',
  'health.js',
  'http-server.js',
  'hub.js',
  'leader.js',
  'many-instances.js',
  'mcp-client.js',
  'mcp-stdio-client.js',
  'nearest.js',
  'opentelemetry.js',
  'pino.js',
  'router.js',
  'watch.js',
];
/** Started by the stories. */
const others = ['mcp-server.js', 'mcp-stdio-server.js', 'support.js'];

/** The same story under each runner: how it is run from the root of the project. */
const runners: Record<string, string[]> = {
  'testing/jest.test.js': [
    '--experimental-vm-modules',
    'node_modules/jest/bin/jest.js',
    '--config',
    'examples/testing/jest.config.js',
  ],
  'testing/node.test.js': ['--test', 'examples/testing/node.test.js'],
  'testing/vitest.test.js': ['node_modules/vitest/vitest.mjs', 'run', '--root', 'examples/testing'],
};

/** A story ends itself after a minute. */
const timeout = 90_000;

test('none is forgotten here, nor in the list for readers', () => {
  const files = readdirSync(join(root, 'examples'));
  expect(files.filter((name) => name.endsWith('.js'))).toEqual([...stories, ...others].sort());
  const list = readFileSync(join(root, 'examples/README.md'), 'utf8');
  for (const name of files) if (name !== 'README.md') expect(list).toContain(name);
  const tests = readdirSync(join(root, 'examples/testing')).filter((name) => name.endsWith('.test.js'));
  expect(tests.map((name) => `testing/${name}`)).toEqual(Object.keys(runners));
});

test.each(stories)(
  '%s holds, and leaves nothing behind',
  async (name) => {
    const [temporary, data] = [tempFolder(), tempFolder()];
    const story = startNode(`examples/${name}`, [], {
      ROLLCALL_DIR: '',
      TMPDIR: temporary,
      XDG_DATA_HOME: data,
      // Other tests keep the machine busy at the same time.
      DEMO_ALLOWED: '30000',
    });
    expect(await story.ended, story.lines.join('\n') + story.errors()).toEqual({ code: 0, signal: null });
    expect(story.lines.length).toBeGreaterThan(0);
    // Its own registry is gone, the user's was not touched, and nothing it has started is still there.
    expect(readdirSync(temporary)).toEqual([]);
    expect(readdirSync(data)).toEqual([]);
    await eventually('all its processes have ended', () => !isRunning(story.pid));
  },
  timeout,
);

test.each(stories.filter((name) => name !== 'demo.js'))(
  '%s fails where there can be no registry',
  async (name) => {
    const file = join(tempFolder(), 'file');
    writeFileSync(file, '');
    const story = startNode(`examples/${name}`, [], { ROLLCALL_DIR: file });
    expect(await story.ended).toEqual({ code: 1, signal: null });
    expect(story.errors()).toContain('ROLLCALL_STORE');
  },
  timeout,
);

test.each(Object.entries(runners))(
  '%s holds, and leaves nothing behind',
  async (name, command) => {
    const [temporary, data] = [tempFolder(), tempFolder()];
    // The runner's own caches are not the story's.
    const env = { TMPDIR: temporary, ROLLCALL_DIR: '', XDG_DATA_HOME: data };
    const story = startNode(command[0] ?? '', command.slice(1), env);
    expect(await story.ended, story.lines.join('\n') + story.errors()).toEqual({ code: 0, signal: null });
    const text = plain(story);
    expect(text).toMatch(/\b35\b.*\bpass|\bpass(?:ed)?\b.*\b35\b/);
    expect(readdirSync(temporary).filter((file) => file.startsWith('rollcall-'))).toEqual([]);
    expect(readdirSync(data)).toEqual([]);
    expect(readFileSync(join(root, 'examples', name), 'utf8')).toContain(command.slice(-2).join(' '));
  },
  timeout,
);

test(
  'under each runner, in a project that has the package installed, they fail if the code under test is wrong',
  async () => {
    const folder = createConsumer();
    cpSync(join(root, 'examples'), join(folder, 'examples'), { recursive: true });
    const breakIn = (file: string, right: string, wrong: string) => {
      const path = join(folder, 'examples/testing', file);
      const text = readFileSync(path, 'utf8');
      expect(text).toContain(right);
      writeFileSync(path, text.replace(right, wrong));
    };
    breakIn('weather-client.js', "this.#watcher.on('remove', () => this.#choose());", '');
    breakIn('map-store.js', 'if (condition?.ifAbsent && current !== undefined) throw', 'if (false) throw');
    for (const command of Object.values(runners)) {
      const story = start(process.execPath, command, { TMPDIR: tempFolder(), ROLLCALL_DIR: '' }, folder);
      const { code } = await story.ended;
      const text = plain(story);
      expect(code, text).toBe(1);
      expect(text).toContain('the client stays with its server');
      expect(text).toContain('put only if absent keeps what is there and says CONFLICT');
      // Two of the client's and two or more of the store's; all others pass there, too.
      expect(text).toMatch(/\b32\b.*\bpass|\bpass(?:ed)?\b.*\b32\b/);
    }
  },
  timeout,
);

test(
  'the demo fails, and cleans up, if a step does not hold',
  async () => {
    const temporary = tempFolder();
    const demo = startNode('examples/demo.js', [], { TMPDIR: temporary, DEMO_ALLOWED: '0' });
    expect(await demo.ended).toEqual({ code: 1, signal: null });
    expect(demo.lines.at(-1)).toMatch(/^✗ weather is killed/);
    expect(readdirSync(temporary)).toEqual([]);
  },
  timeout,
);

/** All that it wrote, without colours. */
function plain({ lines, errors }: Running): string {
  return stripVTControlCharacters(lines.join('\n') + errors());
}

/** Whether there is a process in the group that `pid` leads. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(-pid, 0);
  } catch {
    return false;
  }
}
