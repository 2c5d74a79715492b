/** The file system as the file store uses it: a parameter, so that a test can make any call of it fail. */

import { fs } from '../../process/builtins.js';

/** What is looked at of a file; with `bigint`, numbers are exact and times in ns. */
export interface FileStats<N extends number | bigint = number> {
  readonly dev: N;
  readonly ino: N;
  readonly mode: N;
  readonly nlink: N;
  readonly uid: N;
  readonly size: N;
  readonly mtimeMs: N;
  readonly ctimeMs: N;
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

export interface ExactFileStats extends FileStats<bigint> {
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly birthtimeNs: bigint;
}

interface Exactly {
  readonly bigint: true;
}

/** Functions of node:fs, with their meaning and their errors. The store calls nothing else on its files. */
export interface FileSystem {
  openSync(path: string, flags: string | number, mode?: number): number;
  closeSync(file: number): void;
  readSync(file: number, buffer: Uint8Array, offset: number, length: number, position: number): number;
  writeSync(file: number, bytes: Uint8Array, offset: number): number;
  fchmodSync(file: number, mode: number): void;
  fstatSync(file: number): FileStats;
  fstatSync(file: number, options: Exactly): ExactFileStats;
  lstatSync(path: string): FileStats;
  lstatSync(path: string, options: Exactly): ExactFileStats;
  statSync(path: string): FileStats;
  statSync(path: string, options: Exactly): ExactFileStats;
  lutimesSync(path: string, accessed: Date, modified: Date): void;
  chmodSync(path: string, mode: number): void;
  linkSync(existing: string, path: string): void;
  renameSync(from: string, to: string): void;
  unlinkSync(path: string): void;
  readdirSync(path: string): string[];
  mkdirSync(path: string, options: { readonly mode: number }): void;
  rmdirSync(path: string): void;
}

export const systemFileSystem: FileSystem = fs;

/** Whether anything is at `path`, if only a link that leads nowhere. */
export function isThere(files: FileSystem, path: string): boolean {
  try {
    files.lstatSync(path);
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw cause;
  }
}
