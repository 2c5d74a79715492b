/** Random bytes, good enough that no two are ever alike. */

import { fs } from './builtins.js';

/** Some are taken at a time: a name needs 26. */
const pool = new Uint8Array(416);
let left = 0;

/**
 * At most 416 of them. From the kernel, where it has a device for them: to load node:crypto takes 2 ms, which a server
 * that starts feels.
 */
export function randomBytes(length: number): Uint8Array {
  if (left < length) {
    if (!readDevice(pool)) crypto.getRandomValues(pool);
    left = pool.length;
  }
  left -= length;
  // A copy, and none stay in the pool.
  const bytes = pool.slice(left, left + length);
  pool.fill(0, left, left + length);
  return bytes;
}

function readDevice(bytes: Uint8Array): boolean {
  if (process.platform === 'win32') return false;
  try {
    const file = fs.openSync('/dev/urandom', 'r');
    try {
      // In a bare chroot something else may be there.
      return fs.fstatSync(file).isCharacterDevice() && fs.readSync(file, bytes) === bytes.length;
    } finally {
      fs.closeSync(file);
    }
  } catch {
    // No such device, or no file left to open.
    return false;
  }
}
