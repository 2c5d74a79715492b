/** G17: nothing found in the registry is executed, passed to a shell, or connected to. */

import { createHook } from 'node:async_hooks';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { decode } from '../../src/core/decode.js';
import { createId } from '../../src/core/id.js';
import { Registry } from '../../src/index.js';
import { identifySelf } from '../../src/process/identity.js';
import { endless, expectAllInvoked, linesOf } from '../hostile/surface.js';
import { refused, taken } from '../hostile/urls.js';
import { cliHere, outcomeOf } from '../support/cli.js';
import { makeInstance } from '../support/make-instance.js';
import { start } from '../support/processes.js';
import { prove } from '../support/prove.js';
import { tempFolder } from '../support/temp.js';

/** A folder of entries that would like to run something in `trap`, or to be connected to. */
async function plant() {
  const directory = tempFolder();
  const trap = tempFolder();
  mkdirSync(join(directory, 'v1'), { mode: 0o700 });
  let connections = 0;
  const count = () => {
    connections++;
  };
  const [tcp, unix] = [createServer(count).listen(0, '127.0.0.1'), createServer(count).listen(join(trap, 'listener'))];
  onTestFinished(() => void [tcp.close(), unix.close()]);
  await Promise.all([once(tcp, 'listening'), once(unix, 'listening')]);
  const { port } = tcp.address() as AddressInfo;
  const here = `http://127.0.0.1:${port}`;
  const touch = `touch ${trap}/pwned`;
  const command = { command: 'touch', args: [`${trap}/pwned`], env: { NODE_OPTIONS: `--require ${trap}/x.js` } };
  const shells = [`$(${touch})`, `\`${touch}\``, `; ${touch} #`, `'; ${touch} '`, `"; ${touch}; "`, `\n${touch}\n`];
  const texts = [...shells, `|${touch}|`, `&& ${touch}`, `-e${touch}`, `() { :;}; ${touch}`, `\${IFS}${touch}`];
  const process = identifySelf();
  const entries = [
    makeInstance({ process, ...command, start: command, exec: touch, metadata: command, mcp: command }),
    // What the filters of the command line are given in the attacks.
    makeInstance({ process, kind: 'x', tags: ['y'], capabilities: ['z'], cwd: '/', metadata: command }),
    makeInstance({ process, endpoints: [{ type: 'stdio', ...command } as never] }),
    makeInstance({ process, health: { url: `${here}/health`, command: touch, check: shells } }),
    ...['//127.0.0.1', '/\\127.0.0.1', 'http://localhost@127.0.0.1'].map((host) =>
      makeInstance({ process, health: { url: `${host}:${port}/` } }),
    ),
    makeInstance({ process, endpoints: [{ type: 'http', url: `${here}/` }] }),
    makeInstance({ process, endpoints: [{ type: 'unix', socketPath: join(trap, 'listener') }] }),
    ...texts.map((text) =>
      makeInstance({
        process: { ...process, host: text.slice(0, 200) },
        ...{ title: text, description: text, version: text, cwd: text, tags: [text], capabilities: [text] },
        kind: text.slice(0, 64),
        metadata: { [text]: text },
        endpoints: [
          { type: text.slice(0, 64), socketPath: text, headers: [{ name: 'x', value: text.replaceAll('\n', ' ') }] },
        ],
      }),
    ),
    ...[...refused, ...taken]
      .filter(({ url }) => url.length < 1_000)
      .map(({ url }) => makeInstance({ process, endpoints: [{ type: 'http', url }] })),
    // Of a process that has ended: a reap looks at it, and removes it.
    makeInstance({ process: { ...process, start: '1' }, metadata: command }),
  ];
  for (const entry of entries) {
    writeFileSync(join(directory, 'v1', `${entry.id}.json`), JSON.stringify(entry), { mode: 0o600 });
  }
  const broken = createId('broken');
  writeFileSync(join(directory, 'v1', `${broken}.json`), `#!/bin/sh\n${touch}\n`, { mode: 0o700 });
  return {
    directory,
    port,
    words: { NAME: 'weather', ID: entries[0]?.id ?? '', BROKEN: broken },
    expectUntouched: () => {
      expect(existsSync(join(trap, 'pwned')), 'a planted command was run').toBe(false);
      expect(connections, 'somebody connected to what an entry names').toBe(0);
    },
  };
}

/** `get` shows what a process uses, and pidusage asks `getconf` for the length of a tick; `get` alone may do this. */
const mayAskForTicks = (args: readonly string[]) => args[0] === 'get';

prove('G17', 'URLs that are tricks are refused at every door, and illegible in a file', async () => {
  const registry = new Registry({ directory: tempFolder() });
  onTestFinished(() => registry.close());
  const registration = await registry.register({ name: 'x', status: 'starting' });
  for (const { url, says, why } of refused) {
    const endpoints = [{ type: 'http', url }];
    const said = { code: 'ROLLCALL_INVALID', details: { problems: [{ message: expect.stringMatching(says) }] } };
    const about = `${JSON.stringify(url)}: ${why}`;
    await expect(registry.register({ name: 'x', endpoints }), about).rejects.toMatchObject(said);
    await expect(registration.update({ endpoints }), about).rejects.toMatchObject(said);
    const entry = makeInstance({ endpoints });
    expect(decode(entry.id, JSON.stringify(entry)).illegible, about).toMatch(says);
  }
});

prove('G17', 'every other URL leads where the standard says, and is kept as it was written', async () => {
  const registry = new Registry({ directory: tempFolder() });
  onTestFinished(() => registry.close());
  for (const { url, host, why } of taken) {
    const { id } = await registry.register({ name: 'x', endpoints: [{ type: 'http', url }] });
    const told = (await registry.get(id))?.endpoints[0]?.url ?? '';
    expect(told, why).toBe(url);
    expect(new URL(told).host, why).toBe(host);
    // One word to a shell that does not quote it: curl $(rollcall url x).
    expect(told.split(/\s/)).toHaveLength(1);
  }
});

prove('G17', 'no method of the library starts or connects to what an entry names', async () => {
  const { directory, port, expectUntouched } = await plant();
  const file = join(tempFolder(), 'witness');
  const witnessed = async (env = {}) => {
    const args = ['--import', './test/programs/witness.js', 'test/programs/passive.js'];
    const { code, out, err } = await outcomeOf(
      start(process.execPath, args, { ROLLCALL_DIR: directory, WITNESS: file, ...env }),
    );
    expect({ code, err, isDone: out.includes('asked') }).toEqual({ code: 0, err: '', isDone: true });
    return JSON.parse(readFileSync(file, 'utf8'));
  };
  expect(await witnessed()).toEqual({});
  expectUntouched();
  // The witness is awake.
  const seen = await witnessed({ CONNECT: String(port) });
  expect(seen).toMatchObject({ TCPWRAP: expect.anything(), PROCESSWRAP: expect.anything() });
});

/** What it may not make. Node tells of each when it is made; nothing is replaced to hear of it. */
const told = /^(TCP|UDP|PIPECONNECT|PROCESS|GETADDRINFO|GETNAMEINFO|QUERY|HTTP|TLS|WORKER)/;

prove('G17', 'no command starts or connects to what an entry names', async () => {
  const { directory, words, expectUntouched } = await plant();
  const made: string[] = [];
  const witness = createHook({
    init(_, type) {
      if (told.test(type)) made.push(type);
    },
  });
  for (const isTTY of [false, true]) {
    for (const args of linesOf(words)) {
      if (endless.has(args[0] ?? '')) continue;
      made.length = 0;
      witness.enable();
      await cliHere(directory, args, isTTY);
      witness.disable();
      const others = made.filter((type) => !(type === 'PROCESSWRAP' && mayAskForTicks(args)));
      expect(others, args.join(' ')).toEqual([]);
    }
  }
  expectUntouched();
});

prove('G17', 'the table of commands that are attacked is complete', expectAllInvoked);

/** System calls that start a program or reach out. */
const calls = 'execve,execveat,connect,sendto,sendmsg,socket';

/** Runs a command under strace; gives those calls of it and all it has started, after its own start. */
async function traced(args: readonly string[], directory: string, isEndless = false, env = {}): Promise<string[]> {
  const file = join(tempFolder(), 'trace');
  const strace = ['-f', '-qq', '-s', '200', '-e', `trace=${calls}`, '-e', 'signal=none', '-o', file];
  const running = start('strace', [...strace, process.execPath, ...args], { ROLLCALL_DIR: directory, ...env });
  if (isEndless) {
    await running.line(/./);
    running.interrupt();
  }
  await outcomeOf(running);
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => /^\d+ +(?:exec|connect|send|socket)/.test(line));
  // The first is the start of the program itself.
  expect(lines[0]).toContain('execve(');
  return lines.slice(1);
}

/** `get` has pidusage ask for these two, in these words; nothing of an entry is in them. */
const ticks =
  /execve\("[^"]*", \["\/bin\/sh", "-c", "getconf (?:CLK_TCK|PAGESIZE)"\]|\["getconf", "(?:CLK_TCK|PAGESIZE)"\]/;

prove(
  'G17',
  'strace sees no program started and no connection tried, by any method',
  async () => {
    const { directory, port, expectUntouched } = await plant();
    expect(await traced(['test/programs/passive.js'], directory)).toEqual([]);
    expectUntouched();
    const seen = await traced(['test/programs/passive.js'], directory, false, { CONNECT: String(port) });
    expect(seen.join('\n')).toMatch(/connect\(.*execve\(/s);
  },
  { tier: 'full', needs: ['linux', 'strace'] },
);

prove(
  'G17',
  'strace sees no program started and no connection tried, by any command',
  async () => {
    const { directory, words, expectUntouched } = await plant();
    for (const args of linesOf(words)) {
      const seen = await traced(['dist/cli/main.js', ...args], directory, endless.has(args[0] ?? ''));
      const others = seen.filter((line) => !(mayAskForTicks(args) && ticks.test(line)));
      expect(others, args.join(' ')).toEqual([]);
    }
    expectUntouched();
  },
  { tier: 'full', needs: ['linux', 'strace'], timeout: 60_000 },
);
