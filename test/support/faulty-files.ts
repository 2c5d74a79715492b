/** A file system whose n-th call fails. */

import * as fs from 'node:fs';
import type { FileSystem } from '../../src/store/file/file-system.js';

/** The real files, of which a call can be made to fail. One of `FileSystem`, and all of it. */
export interface FaultyFiles {
  readonly fs: FileSystem;
  /** The calls since the last order, by name. */
  readonly calls: readonly string[];
  /** Whether the fault has been met since it was ordered. */
  readonly isMet: boolean;
  /** From now on the n-th call fails with `code`, without having done anything, and with `forever` each one after it. */
  failAt(n: number, code: string, forever?: boolean): void;
  /** No call fails any more. */
  heal(): void;
  /** Runs after each call. */
  after: (call: string) => void;
}

export function faultyFiles(): FaultyFiles {
  let fault: { readonly n: number; readonly code: string; readonly forever: boolean } | undefined;
  const files = {
    calls: [] as string[],
    isMet: false,
    after: (_call: string) => {},
    fs: new Proxy(fs as unknown as FileSystem, {
      get(target, name: keyof FileSystem) {
        const real = target[name] as (...args: unknown[]) => unknown;
        return (...args: unknown[]) => {
          files.calls.push(name);
          const n = files.calls.length;
          if (fault !== undefined && (n === fault.n || (fault.forever && n > fault.n))) {
            files.isMet = true;
            // Whoever crashes has no file open afterwards.
            if (name === 'closeSync') real(...args);
            throw Object.assign(new Error(`${fault.code}: made to fail, ${name}`), { code: fault.code, syscall: name });
          }
          try {
            return real(...args);
          } finally {
            files.after(name);
          }
        };
      },
    }),
    failAt(n: number, code: string, forever = false) {
      files.heal();
      fault = { n, code, forever };
    },
    heal() {
      files.calls.length = 0;
      files.isMet = false;
      fault = undefined;
    },
  };
  return files;
}
