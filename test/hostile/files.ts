/** Things in an entry's place that are no regular file of ours: each with what is to be said of it. */

import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, linkSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

export interface HostileFile {
  readonly is: string;
  /** Plants it at `path`, the place of an entry. What it leads to, if anything, is `victim`, a file of ours elsewhere. */
  readonly plant: (path: string, victim: string) => unknown;
  readonly reason: RegExp;
  /** Who can plant it, or what cannot be shown to whom. */
  readonly only?: 'root' | 'others';
}

const write = (path: string, content: string | Buffer) => writeFileSync(path, content, { mode: 0o600 });
const link = /is a symbolic link/;

export const hostileFiles: readonly HostileFile[] = [
  { is: 'a FIFO', plant: (path) => execFileSync('mkfifo', [path]), reason: /is not a regular file/ },
  { is: 'a symbolic link to a file', plant: (path, victim) => symlinkSync(victim, path), reason: link },
  { is: 'a symbolic link to nothing', plant: (path) => symlinkSync(`${path}.nothing`, path), reason: link },
  { is: 'a symbolic link to itself', plant: (path) => symlinkSync(path, path), reason: link },
  { is: 'a symbolic link to a folder', plant: (path, victim) => symlinkSync(dirname(victim), path), reason: link },
  {
    is: 'a symbolic link to a FIFO',
    plant: (path, victim) => {
      execFileSync('mkfifo', [`${victim}.fifo`]);
      symlinkSync(`${victim}.fifo`, path);
    },
    reason: link,
  },
  { is: 'a second name of another file', plant: (path, victim) => linkSync(victim, path), reason: /has a second name/ },
  { is: 'a folder', plant: (path) => mkdirSync(path), reason: /is a folder/ },
  {
    is: 'a folder with something in it',
    plant: (path) => mkdirSync(join(path, 'inside'), { recursive: true }),
    reason: /is a folder/,
  },
  {
    is: 'a sparse gigabyte',
    plant: (path) => {
      write(path, '');
      truncateSync(path, 2 ** 30);
    },
    reason: /is larger than 65536 bytes/,
  },
  {
    is: 'a socket',
    plant: async (path) => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(path, resolve));
      onTestFinished(() => void server.close());
    },
    reason: /is a socket or a device/,
  },
  {
    is: 'a device that never ends',
    plant: (path) => execFileSync('mknod', [path, 'c', '1', '5']),
    reason: /is not a regular file/,
    only: 'root',
  },
  {
    is: 'a device without a driver',
    plant: (path) => execFileSync('mknod', [path, 'c', '250', '250']),
    reason: /device/,
    only: 'root',
  },
  {
    is: "another user's file",
    plant: (path) => {
      write(path, '{}');
      chownSync(path, 12_345, 12_345);
    },
    reason: /belongs to the user with id 12345/,
    only: 'root',
  },
  {
    is: 'a file that may not be read',
    plant: (path) => {
      write(path, '{}');
      chmodSync(path, 0);
    },
    reason: /may not be read/,
    // Root may read everything.
    only: 'others',
  },
];

/** Names of files that are listed, and none that an entry could have. */
export const hostileNames: readonly string[] = [
  'a\\b.json',
  '\n.json',
  ' .json',
  '\u001b[2J.json',
  '\u202egpj.json',
  `${'x'.repeat(250)}.json`,
  'constructor.json',
  '__proto__.json',
  'toString.json',
  '$(id).json',
  '`id`.json',
  '-rf.json',
  '--help.json',
  'con.json',
  'e\u0301\u{1f468}\u200d\u{1f469}.json',
  '*.json',
  '%2e%2e%2fx.json',
];

/** Names of files that are none of ours: they are not even listed. */
export const foreignNames: readonly string[] = [
  'x.json.tmp',
  'x.json.123',
  '.x.json',
  '..json',
  'README',
  'x.JSON',
  '.json',
  'x.lock',
];
