/** What must come to no harm: a folder with a file in it, for planted links to lead to. */

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { tempFolder } from './temp.js';

export interface Victim {
  readonly folder: string;
  readonly file: string;
  /** Takes it as it is now for how it should be. */
  remember(): void;
  /** Throws if anything in it was changed. */
  assertUntouched(): void;
}

/** With a file of that name. */
export function makeVictim(name = 'precious.lock'): Victim {
  const folder = join(tempFolder(), 'victim');
  mkdirSync(folder, { mode: 0o755 });
  const file = join(folder, name);
  writeFileSync(file, 'precious', { mode: 0o644 });
  const look = () =>
    ['', ...readdirSync(folder)].map((each) => {
      const stats = lstatSync(join(folder, each));
      const { mode, uid, ino } = stats;
      // A folder's times change, too, when something in it is made and removed again: that is no harm.
      const { size, mtimeMs } = stats.isDirectory() ? { size: 0, mtimeMs: 0 } : stats;
      return { each, mode, uid, ino, size, mtimeMs };
    });
  let before = look();
  return {
    folder,
    file,
    remember() {
      before = look();
    },
    assertUntouched() {
      expect(look()).toEqual(before);
      expect(readFileSync(file, 'utf8')).toBe('precious');
    },
  };
}

/** Things that may stand where a file of ours should, by what they are. `at` is theirs to take. */
export const strangeThings: Record<string, (at: string, victim: Victim) => void> = {
  'a FIFO': (at) => void execFileSync('mkfifo', ['-m', '600', at]),
  'a folder': (at) => mkdirSync(at, { mode: 0o700 }),
  'a folder with something in it': (at) => {
    mkdirSync(at, { mode: 0o700 });
    writeFileSync(join(at, 'something'), '');
  },
  'a link to a file': (at, { file }) => symlinkSync(file, at),
  'a link to a folder': (at, { folder }) => symlinkSync(folder, at),
  'a link to nowhere': (at) => symlinkSync(join(dirname(at), 'nowhere', 'at', 'all'), at),
  'a link to itself': (at) => symlinkSync(at, at),
  'a hard link': (at, { file }) => linkSync(file, at),
  'a large file': (at) => writeFileSync(at, Buffer.alloc(1_000_000), { mode: 0o600 }),
  'a file without rights': (at) => {
    writeFileSync(at, '');
    chmodSync(at, 0);
  },
};
