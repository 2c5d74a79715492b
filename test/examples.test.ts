/** Every example holds, and would be seen not to. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventually } from './support/eventually.js';
import { root, startNode } from './support/processes.js';
import { tempFolder } from './support/temp.js';

const stories = [
  'demo.js',
  'express.js',
  'http-server.js',
  'many-instances.js',
  'mcp-client.js',
  'mcp-stdio-client.js',
  'watch.js',
];
/** Started by the stories. */
const others = ['mcp-server.js', 'mcp-stdio-server.js', 'support.js'];

/** A story ends itself after a minute. */
const timeout = 90_000;

test('none is forgotten here, nor in the list for readers', () => {
  const files = readdirSync(join(root, 'examples'));
  expect(files.filter((name) => name.endsWith('.js'))).toEqual([...stories, ...others].sort());
  const list = readFileSync(join(root, 'examples/README.md'), 'utf8');
  for (const name of files) if (name !== 'README.md') expect(list).toContain(name);
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

/** Whether there is a process in the group that `pid` leads. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(-pid, 0);
  } catch {
    return false;
  }
}
