/** Leaves `process` as it is, whatever a library does to it. */

interface Patched {
  emit: unknown;
  reallyExit: unknown;
}

/** Acts may overlap: the first saves, the last puts back. */
let depth = 0;
let saved: Patched | undefined;

/**
 * Runs `act`, and puts `process.emit` and `process.reallyExit` back as they were before it.
 *
 * signal-exit, of which three copies come with our dependencies (3 with proper-lockfile; 4 twice, as ES module and
 * as CommonJS), replaces both for as long as it is loaded. Its `emit` sets `process.exitCode` before the listeners
 * run, so that a program which ends with an unsettled top-level await exits with 0 instead of 13 (seen with 3.0.7
 * and 4.1.0). What it does on signals needs neither.
 */
export async function withoutPatches<T>(act: () => T | Promise<T>): Promise<T> {
  const patched = process as unknown as Patched;
  if (depth++ === 0) saved = { emit: patched.emit, reallyExit: patched.reallyExit };
  try {
    return await act();
  } finally {
    if (--depth === 0) Object.assign(patched, saved);
  }
}
