/** The output of a program that we started, in a file of its own. */

import { closeSync, fstatSync, openSync, readdirSync, readSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

/** How many of the same name are kept. */
const most = 10;

/** How much of its end is shown: bytes, and lines. */
const tailBytes = 4_096;
const tailLines = 20;

export interface LogFile {
  readonly path: string;
  readonly file: number;
  close(): void;
}

/** Opens a new one in `folder`, which exists, for this user alone. Older ones of the same name make way. */
export function openLog(folder: string, name: string, now: number, mark: string): LogFile {
  const isOwn = (file: string) => file.startsWith(`${name}-`) && /^\d{14}-\w+\.log$/.test(file.slice(name.length + 1));
  const others = readdirSync(folder).filter(isOwn).sort();
  for (const old of others.slice(0, Math.max(0, others.length - most + 1))) {
    try {
      unlinkSync(join(folder, old));
    } catch {
      // Someone else was faster, or it is not ours to remove.
    }
  }
  const stamp = new Date(now).toISOString().replaceAll(/\D/g, '').slice(0, 14);
  const path = join(folder, `${name}-${stamp}-${mark}.log`);
  const file = openSync(path, 'ax', 0o600);
  return { path, file, close: () => closeSync(file) };
}

/** Its last lines. */
export function tailOf(path: string): string {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(size, tailBytes));
    const read = readSync(file, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8', 0, read).trimEnd().split('\n').slice(-tailLines).join('\n');
  } finally {
    closeSync(file);
  }
}
