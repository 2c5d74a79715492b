/** G19: the command line prints no control bytes from entries. */

import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { encode } from '../../src/core/codec.js';
import { type Instance, type RegistrationInput, Registry } from '../../src/index.js';
import { identifySelf } from '../../src/process/identity.js';
import { HostileFolder } from '../hostile/plant.js';
import { tricks, unprintable } from '../hostile/strings.js';
import { cli, type Outcome, outcomeOf, startCli, startOnTerminal } from '../support/cli.js';
import { makeInstance } from '../support/make-instance.js';
import { prove } from '../support/prove.js';

/** Everything that may never be printed, but for the line breaks between our own lines. */
const forbidden = new Set(unprintable.filter((code) => code !== 0x0a).map((code) => String.fromCodePoint(code)));

/** What our own terminal class emits for a table that is drawn anew, and for colour: nothing else may begin with ESC. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const ours = /\u001b\[(?:H|J|[0-9]{1,2}m)/g;

function problemsIn(text: string): string[] {
  const found = [...text].filter((character) => forbidden.has(character) || /\p{Surrogate}/u.test(character));
  return [...new Set(found)].map((character) => `U+${character.codePointAt(0)?.toString(16)}`);
}

/** With what is no character replaced. */
const wellFormed = (text: string) => Buffer.from(text).toString();

/** An entry with `text` wherever a string may stand, as another program would have written it. */
function everywhere(text: string): Instance {
  const short = wellFormed(text.slice(0, 60));
  return makeInstance({
    name: 'api',
    title: text,
    description: text,
    version: text,
    kind: short,
    cwd: `/projects/${text}`,
    tags: [short],
    capabilities: [short],
    metadata: { [text]: text, deep: [{ [text]: [text] }] },
    mcp: { [text]: text },
    health: { url: text },
    endpoints: [
      { type: 'http', url: 'http://127.0.0.1:3001/' },
      { type: short, socketPath: text, supportedProtocolVersions: [text] },
      {
        type: 'streamable-http',
        url: `http://127.0.0.1:3001/mcp?${short.replace(/[\s\\]|\p{Cc}/gu, '')}`,
        headers: [{ name: 'X-Text', value: text.replace(/(?=\p{Cc})[^\u0080-\u009f]/gu, '') }],
      },
    ],
    process: { host: text.slice(0, 200), start: short, boot: short, machine: `other ${text}`.slice(0, 200) },
    [text]: text,
  });
}

const commands: readonly (readonly string[])[] = [
  [],
  ['list'],
  ['list', '--all'],
  ['list', '--all', '--json'],
  ['get', 'api'],
  ['get', 'api', '--json'],
  ['url', 'api'],
  ['wait', 'api', '--timeout', '5s'],
  ['wait', 'nobody', '--timeout', '10ms'],
  ['prune', '--dry-run'],
  ['prune', '--json'],
  ['export', '--client', 'vscode'],
  ['export', '--client', 'codex'],
  ['export', 'api', '--client', 'claude'],
  ['doctor'],
  ['doctor', '--json'],
];

/** Harm in what is asked for, which comes back in the answer. */
const asked = Object.values(tricks)
  .filter((text) => !text.includes('\0') && text === wellFormed(text))
  .slice(0, 8);

prove(
  'G19',
  'every trick in every field of entries, file names and broken files: nothing of it reaches a pipe as it is',
  async () => {
    const folder = new HostileFolder();
    const written: Instance[] = [];
    for (const text of Object.values(tricks)) {
      const entry = everywhere(text);
      await folder.addGood(entry);
      written.push(JSON.parse(encode(entry)));
      folder.addText({ is: 'broken', text: () => `{"format":1,"id":"${text}`, reason: /./ });
      folder.addText({ is: 'of a wrong type', text: (id) => JSON.stringify({ format: 1, id, name: text, [text]: 5 }) });
      const name = wellFormed(text.replaceAll(/[/\0]/g, ''));
      writeFileSync(join(folder.directory, 'v1', `${name.slice(0, 60)}.json`), text, { mode: 0o600 });
    }
    await folder.addAll();
    const outcomes: [string, Outcome][] = [];
    for (const args of commands) outcomes.push([args.join(' '), await cli(folder.directory, ...args)]);
    for (const text of asked) {
      for (const command of ['get', 'url']) outcomes.push([command, await cli(folder.directory, command, text)]);
      outcomes.push(['list', await cli(folder.directory, 'list', text, '--kind', text, '--cwd', text)]);
    }
    for (const [command, { out, err }] of outcomes) {
      expect(problemsIn(out), `rollcall ${command}, on stdout`).toEqual([]);
      expect(problemsIn(err), `rollcall ${command}, on stderr`).toEqual([]);
      expect(`${out}${err}`, command).not.toMatch(/^forged/m);
    }
    // What is not printed is not lost: a program gets it as it was.
    const all: Instance[] = JSON.parse((await cli(folder.directory, 'list', '--json')).out);
    const titles = new Set(all.map(({ title }) => title));
    for (const { title } of written) expect(titles.has(title)).toBe(true);
    for (const args of [['watch'], ['watch', '--json']]) {
      const watching = startCli(folder.directory, args);
      await watching.line(/api/);
      watching.child.kill('SIGTERM');
      expect(problemsIn((await outcomeOf(watching)).out), args.join(' ')).toEqual([]);
    }
  },
  { timeout: 60_000 },
);

prove(
  'G19',
  'the same on a terminal, where only our own colours and the clearing of the screen are escape sequences',
  async () => {
    const folder = new HostileFolder();
    for (const text of Object.values(tricks)) await folder.addGood(everywhere(text));
    await folder.addAll();
    const env = { CI: undefined, NO_COLOR: undefined };
    for (const words of ['list', 'list --all', 'get api', 'url api', 'doctor', 'prune --dry-run']) {
      const { out } = await outcomeOf(startOnTerminal(folder.directory, words, env));
      // The terminal itself makes \r\n of our \n.
      expect(
        problemsIn(
          out
            .replaceAll('\r\n', '\n')
            .replaceAll(/\r(?=\n|$)/g, '')
            .replaceAll(ours, ''),
        ),
        words,
      ).toEqual([]);
      expect(out, words).not.toMatch(/^forged/m);
    }
    const watching = startOnTerminal(folder.directory, 'watch', env);
    await watching.line(/running/);
    const drawn = watching.lines
      .join('\n')
      .replaceAll(/\r(?=\n|$)/g, '')
      .replaceAll(ours, '');
    expect(problemsIn(drawn)).toEqual([]);
  },
  { needs: ['script'], timeout: 60_000 },
);

prove('G19', 'what goes through the door of the library comes out of the command line as harmless', async () => {
  const { directory } = new HostileFolder();
  const registry = new Registry({ directory });
  onTestFinished(() => registry.close());
  const { format, id, process, registeredAt, updatedAt, ...input } = everywhere(tricks['every one of them'] ?? '');
  const taken: RegistrationInput = Object.fromEntries(
    Object.entries(input).filter(([field]) => !unprintable.some((code) => field.includes(String.fromCodePoint(code)))),
  ) as unknown as RegistrationInput;
  await registry.register({ ...taken, status: 'ready' });
  for (const args of commands) {
    const { out, err } = await cli(directory, ...args);
    expect(problemsIn(`${out}${err}`), args.join(' ')).toEqual([]);
  }
});

prove('G19', 'a URL is one word for a shell, whatever the entry says', async () => {
  const folder = new HostileFolder();
  const urls = [
    "http://127.0.0.1:1/'$(touch%20pwned)'",
    'http://127.0.0.1:1/`id`',
    'http://127.0.0.1:1/;rm%20-rf',
    'http://127.0.0.1:1/"x"',
    'http://127.0.0.1:1/*?[a]',
  ];
  for (const [index, url] of urls.entries()) {
    await folder.addGood(makeInstance({ name: `api${index}`, endpoints: [{ type: 'http', url }] }));
    const { code, out } = await cli(folder.directory, 'url', `api${index}`);
    expect(code, url).toBe(0);
    expect(out.trimEnd(), url).toMatch(/^http:\/\/127\.0\.0\.1:1\/\S*$/);
    expect(out.split('\n'), url).toHaveLength(2);
  }
});

prove('G19', 'no line is forged on stderr, where messages have line breaks of their own', async () => {
  const folder = new HostileFolder();
  const forging = tricks['forges a line'] ?? '';
  const stale = await folder.addGood(makeInstance({ name: 'api', process: { machine: 'other', host: forging } }));
  utimesSync(join(folder.directory, 'v1', `${stale.id}.json`), 1, 1);
  for (const last of ['1', '2']) writeFileSync(join(folder.directory, 'v1', `x-${forging}${last}.json`), '{}');
  for (const args of [
    ['get', 'api'],
    ['url', 'api'],
    ['get', 'x-'],
    ['url', 'x-'],
    ['wait', 'api', '--timeout', '9ms'],
  ]) {
    const { code, out, err } = await cli(folder.directory, ...args);
    expect([args, code === 0, out]).toEqual([args, false, '']);
    expect(err, args.join(' ')).not.toMatch(/^forged/m);
    expect(problemsIn(err), args.join(' ')).toEqual([]);
  }
  const [sighting] = await new Registry({ directory: folder.directory }).inspect();
  expect(problemsIn(sighting?.reason ?? '')).toEqual([]);
  expect(sighting?.reason).not.toContain('\n');
});

prove(
  'G19',
  'a burst of entries is drawn a few times, and not once for each',
  async () => {
    const folder = new HostileFolder();
    await folder.addGood(makeInstance({ name: 'first', process: identifySelf() }));
    const watching = startOnTerminal(folder.directory, 'watch');
    await watching.line(/1 running/);
    for (let count = 0; count < 300; count++) await folder.addGood(makeInstance({ process: identifySelf() }));
    await watching.line(/301 running/);
    // Whatever is still to be drawn comes before a signal is heard.
    watching.child.stdin?.write('\u0003');
    await watching.ended;
    const tables = watching.lines.filter((line) => /running/.test(line));
    expect(tables.length).toBeLessThan(150);
  },
  { needs: ['script'] },
);
