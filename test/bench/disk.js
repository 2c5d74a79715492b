/** The disk that is measured on, and whether it can be. */

import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename } from 'node:path';

/** Type and device of the file system that the temporary folder is on, where the system tells it. */
export function fileSystem() {
  if (process.platform !== 'linux') return undefined;
  const folder = `${realpathSync(tmpdir())}/`;
  // proc(5): mount point, options and, behind the hyphen, type and device.
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').matchAll(/^(?:\S+ ){4}(\S+) .* - (\S+) (\S+)/gm);
  const [nearest] = [...mounts]
    .map(([, point = '', type = '', device = '']) => ({ point: point === '/' ? point : `${point}/`, type, device }))
    .filter(({ point }) => folder.startsWith(point))
    .sort((a, b) => b.point.length - a.point.length);
  return nearest;
}

/**
 * What is wrong with it, if anything is known to be.
 *
 * ext4 without a journal looks, for each new file, at all that were once removed near by: where 2,000 had been, by an
 * earlier run for instance, to write one took 300 µs and not 25, and whatever is compared by writing looks alike.
 */
export function complaint() {
  const { type, device = '' } = fileSystem() ?? {};
  if (type !== 'ext4' || existsSync(`/proc/fs/jbd2/${basename(device)}-8`)) return undefined;
  return `${tmpdir()} is on ext4 without a journal, where files are slow to write once others were removed: set TMPDIR.`;
}
