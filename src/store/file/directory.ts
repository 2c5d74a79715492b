/** Where the entries are: which folder, why that one, and that nobody else can reach into it. */

import { dirname, isAbsolute, join, sep } from 'node:path';
import { invalid, RollcallError } from '../../core/errors.js';
import { type FileStats, type FileSystem, isThere, systemFileSystem } from './file-system.js';

/** The folder of the registry, and why it is that one. */
export interface Directory {
  readonly path: string;
  readonly reason: string;
}

/**
 * Which folder the registry is in: `explicit` (the option), else the environment's `ROLLCALL_DIR`, else the user's
 * data folder as the platform has it. Reads no file and makes none.
 *
 * @throws ROLLCALL_STORE if there is no such folder, or it is not absolute.
 */
export async function resolveDirectory(
  explicit?: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Directory> {
  if (explicit !== undefined) return absolute(explicit, 'the option "directory"');
  if (env.ROLLCALL_DIR !== undefined && env.ROLLCALL_DIR !== '') {
    return absolute(env.ROLLCALL_DIR, 'ROLLCALL_DIR in the environment');
  }
  let data: string;
  try {
    // Imported here and not above: it throws at import for a uid without an entry in /etc/passwd.
    const { default: envPaths } = await import('env-paths');
    data = envPaths('rollcall', { suffix: '' }).data;
  } catch (cause) {
    const message = 'The home folder of this user is not known. Set ROLLCALL_DIR to an absolute path.';
    throw new RollcallError('ROLLCALL_STORE', message, {}, { cause });
  }
  return absolute(data, "this platform's folder for user data");
}

/**
 * The folder for the output of programs that are started, made if it is missing: the platform's for logs, or `log` in
 * the registry's own, where that was chosen.
 *
 * @throws ROLLCALL_STORE if it cannot be made, or is not ours alone.
 */
export async function prepareLogs({ path }: Directory): Promise<string> {
  const { default: envPaths } = await import('env-paths');
  const { data, log } = envPaths('rollcall', { suffix: '' });
  const folder = path === data ? log : join(path, 'log');
  new Layout(dirname(folder)).prepareFolder(folder);
  return folder;
}

function absolute(path: string, reason: string): Directory {
  if (isAbsolute(path)) return { path, reason };
  const message = `The registry's folder must be an absolute path, and ${JSON.stringify(path)} (from ${reason}) is not. Set HOME, ROLLCALL_DIR or the option "directory".`;
  throw new RollcallError('ROLLCALL_STORE', message, { path });
}

/** The folders of layout 1. All that belongs to it is in `v1`, so that a later layout can stand beside it. */
export class Layout {
  readonly root: string;
  readonly entries: string;
  /** New entries while they are written. Not beside the finished ones, where each would wake every watcher. */
  readonly drafts: string;
  readonly locks: string;
  /** Sockets, one for an entry: see lifeline.ts. */
  readonly lifelines: string;
  readonly fs: FileSystem;
  /** Our user id, of when the folder was looked at last; not on Windows. */
  self = process.getuid?.();
  readonly #above: Layout | undefined;

  /** `above`: that of the store that it stands beside, in a folder of whose own `root` is. */
  constructor(root: string, fs: FileSystem = systemFileSystem, above?: Layout) {
    this.fs = fs;
    this.root = root;
    this.#above = above;
    this.entries = above === undefined ? join(root, 'v1') : root;
    this.drafts = join(this.entries, '.drafts');
    this.locks = join(this.entries, '.locks');
    this.lifelines = join(this.entries, '.lifelines');
  }

  entry(id: string): string {
    return `${this.entries}${sep}${fileName(id)}`;
  }

  /** The layout of the store `name` beside this one. */
  beside(name: string): Layout {
    return new Layout(join(this.entries, `.${name}`), this.fs, this);
  }

  /** `mark` tells the drafts of one id apart. */
  draft(id: string, mark: string): string {
    return join(this.drafts, `${fileName(id)}.${mark}`);
  }

  lock(id: string): string {
    return join(this.locks, fileName(id, '.lock'));
  }

  /**
   * Makes the folders that are missing, for this user alone, and checks those that are there.
   *
   * @throws ROLLCALL_STORE if one is not a folder, belongs to someone else, or cannot be made.
   */
  prepare(): void {
    this.#above?.prepare();
    this.#prepare([this.root, this.entries, this.drafts, this.locks]);
  }

  /** As `prepare`, for the folder that only those need who can have a lifeline. */
  prepareLifelines(): void {
    this.prepareFolder(this.lifelines);
  }

  /** As `prepare`, for one more folder. */
  prepareFolder(path: string): void {
    this.#prepare([path]);
  }

  #prepare(paths: readonly string[]): void {
    for (const path of paths) {
      if (this.#check(path, true) !== undefined) continue;
      try {
        makeFolder(this.fs, path);
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cannot('make the folder', path, cause);
        // Someone was faster, or something that is no folder is in the way; the check below says what.
      }
      this.#check(path, true);
    }
  }

  /**
   * Checks the folder of the entries, for a reader, who makes and changes nothing.
   *
   * @returns `undefined` if it does not exist.
   * @throws ROLLCALL_STORE as `prepare`.
   */
  look(): FileStats | undefined {
    if (this.#above !== undefined && this.#above.look() === undefined) return undefined;
    return this.#check(this.entries, false);
  }

  /**
   * `mkdir` is content with a folder that someone else has put there, so look at it. The root may be a link and
   * may be readable by others (a user chose it); what is inside is ours alone.
   */
  #check(path: string, mayTighten: boolean): FileStats | undefined {
    const isRoot = path === this.root && this.#above === undefined;
    let stats: FileStats;
    try {
      stats = isRoot ? this.fs.statSync(path) : this.fs.lstatSync(path);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw cannot('look at the folder', path, cause);
    }
    if (!stats.isDirectory()) {
      const what = stats.isSymbolicLink() ? 'a symbolic link' : 'not a folder';
      throw refuse(path, `it is ${what}. Remove it, or choose another folder with ROLLCALL_DIR`);
    }
    // Windows has no modes: there the user's data folder is protected by its access list.
    const self = process.getuid?.();
    this.self = self;
    if (self === undefined) return stats;
    if (stats.uid !== self && !(isRoot && stats.uid === 0)) {
      throw refuse(path, `it belongs to the user with id ${stats.uid}, not to you (${self})`);
    }
    const isSticky = (stats.mode & 0o1000) !== 0;
    // Others who can write could plant entries. That they cannot even look is for whoever writes to see to.
    const writable = isSticky && isRoot ? 0 : 0o022;
    const forbidden = mayTighten && !isRoot ? 0o077 : writable;
    if ((stats.mode & forbidden) === 0) return stats;
    const open = `it is open to other users (mode ${(stats.mode & 0o7777).toString(8)})`;
    if (!mayTighten || stats.uid !== self) throw refuse(path, `${open}. Run: chmod go-rwx ${path}`);
    try {
      this.fs.chmodSync(path, stats.mode & 0o7777 & ~forbidden);
    } catch (cause) {
      throw refuse(path, `${open} and cannot be closed to them`, cause);
    }
    return stats;
  }
}

/**
 * Makes a folder for this user alone, and those missing above it. Level by level: where a file system answers ENOENT
 * for what exists (/proc does), `mkdirSync` with `recursive` never returns (Node 20.20).
 */
function makeFolder(fs: FileSystem, path: string): void {
  const above = dirname(path);
  if (above !== path && !isThere(fs, above)) makeFolder(fs, above);
  try {
    fs.mkdirSync(path, { mode: 0o700 });
    // A umask may have taken away what we need ourselves, and nobody could use or remove the folder then.
    if (process.platform !== 'win32' && (fs.statSync(path).mode & 0o700) !== 0o700) fs.chmodSync(path, 0o700);
  } catch (cause) {
    // Another process makes the same folders at the same moment.
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
  }
}

/** What would lead out of a folder. A backslash is a character like others where it does not separate. */
const leading = process.platform === 'win32' ? /^\.|[/\\:\0]/ : /^\.|[/\0]/;

/** No id leads out of its folder, whoever passes it. */
function fileName(id: string, extension = '.json'): string {
  if (id === '' || leading.test(id)) {
    throw invalid('The id', [{ path: 'id', message: 'must not be empty, begin with a dot or contain a separator' }]);
  }
  return `${id}${extension}`;
}

function refuse(path: string, why: string, cause?: unknown): RollcallError {
  return new RollcallError('ROLLCALL_STORE', `The folder ${path} cannot be used: ${why}.`, { path }, { cause });
}

/** An error of the file system as one of ours: what was tried, on what, and what to do about the usual causes. */
export function cannot(what: string, path: string, cause: unknown): RollcallError {
  const { code = 'unknown error' } = cause as NodeJS.ErrnoException;
  const advice = advices[code] ?? '';
  return new RollcallError('ROLLCALL_STORE', `Cannot ${what} ${path} (${code}).${advice}`, { path }, { cause });
}

const advices: Readonly<Record<string, string>> = {
  EACCES: ' Give this user access to it, or choose another folder with ROLLCALL_DIR.',
  EPERM: ' Give this user access to it, or choose another folder with ROLLCALL_DIR.',
  EROFS: ' The file system is read-only: choose another folder with ROLLCALL_DIR.',
  ENOSPC: ' The disk is full: free some space.',
  EDQUOT: ' The quota of this user is used up: free some space.',
  ENOTDIR: ' Something on its path is a file: remove it, or choose another folder with ROLLCALL_DIR.',
  EMFILE: ' This process has too many files open.',
  ENFILE: ' This machine has too many files open.',
};
