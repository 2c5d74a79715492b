/** How the folder someone works in relates to the folders an instance works in: whose project is whose. */

import type { Instance } from './instance.js';

/** A folder, as the file system has it. */
export interface Folder {
  /** Ways to write it: as it was given, and as it really is once links are followed. */
  readonly paths: readonly string[];
  /** Whether upper and lower case make no difference there. */
  readonly ignoresCase?: boolean | undefined;
  /** Its git repository: what all worktrees of one have in common, the folder with its objects. */
  readonly repository?: string | undefined;
}

/** What an instance's folder is to the asker's: the same, around it, within it, of the same git repository, or none. */
export type Relation = 'same' | 'ancestor' | 'descendant' | 'repository' | 'unrelated';

/** How near an instance is to who asks. */
export interface Nearness {
  readonly relation: Relation;
  /** How many levels apart an ancestor or a descendant is, else 0. */
  readonly distance: number;
}

export const unrelated: Nearness = { relation: 'unrelated', distance: 0 };

const ranks: readonly Relation[] = ['same', 'ancestor', 'descendant', 'repository', 'unrelated'];

/** Below 0 if `a` is nearer than `b`, 0 if both are as near. */
export function compareNearness(a: Nearness, b: Nearness): number {
  return ranks.indexOf(a.relation) - ranks.indexOf(b.relation) || a.distance - b.distance;
}

/**
 * What `folder` is to `asker`, at its best over all ways to write them.
 *
 * A file system's root holds every project and is none: it is related to itself alone. A path that is not absolute
 * is related to nothing.
 */
export function relate(folder: Folder, asker: Folder): Nearness {
  const ignoresCase = asker.ignoresCase === true || folder.ignoresCase === true;
  let best = unrelated;
  for (const there of folder.paths) {
    for (const here of asker.paths) {
      const nearness = relatePaths(there, here, ignoresCase);
      if (compareNearness(nearness, best) < 0) best = nearness;
    }
  }
  if (best.relation !== 'unrelated' || folder.repository === undefined) return best;
  return folder.repository === asker.repository ? { relation: 'repository', distance: 0 } : unrelated;
}

/** The nearest of several: an instance may work in more than one folder. */
export function nearestOf(folders: readonly Folder[], asker: Folder): Nearness {
  return folders.map((folder) => relate(folder, asker)).reduce(nearer, unrelated);
}

const nearer = (a: Nearness, b: Nearness) => (compareNearness(b, a) < 0 ? b : a);

/** Whether both paths lead to the same folder, as far as that can be told from how they are written. */
export function isSameFolder(a: string, b: string): boolean {
  return relate({ paths: [a] }, { paths: [b] }).relation === 'same';
}

function relatePaths(folder: string, asker: string, ignoresCase: boolean): Nearness {
  const [there, here] = inOneWorld(parse(folder), parse(asker));
  if (there === undefined || here === undefined || there.volume !== here.volume) return unrelated;
  const fold = ignoresCase || there.ignoresCase || here.ignoresCase ? folded : (part: string) => part;
  const [outer, inner] = there.parts.length <= here.parts.length ? [there, here] : [here, there];
  if (!outer.parts.every((part, index) => fold(part) === fold(inner.parts[index] ?? ''))) return unrelated;
  const distance = inner.parts.length - outer.parts.length;
  if (distance === 0) return { relation: 'same', distance };
  if (outer.parts.length === 0) return unrelated;
  return { relation: outer === there ? 'ancestor' : 'descendant', distance };
}

const folded = (part: string) => part.toLowerCase();

/** An absolute path, taken apart. */
interface Parsed {
  /** `/`, `c:`, `//server/share`, or a distribution of WSL: `wsl:ubuntu`. */
  readonly volume: string;
  readonly parts: readonly string[];
  readonly ignoresCase: boolean;
}

/** `C:\x`, also as `\\?\C:\x`. */
const drivePath = /^(?:[\\/]{2}[?.][\\/])?([A-Za-z]):(?:[\\/]|$)/;
/** `\\wsl$\Ubuntu\home`, `\\wsl.localhost\Ubuntu\home`: how Windows reaches into WSL. */
const wslPath = /^[\\/]{2}(?:[?.][\\/]UNC[\\/])?wsl(?:\$|\.localhost)[\\/]([^\\/]+)/i;
/** `\\server\share`. */
const sharePath = /^(?:\\\\|\/\/)(?:[?.][\\/]UNC[\\/])?([^\\/]+)[\\/]([^\\/]+)/i;

function parse(path: string): Parsed | undefined {
  const drive = drivePath.exec(path);
  if (drive !== null) {
    return {
      volume: `${drive[1]?.toLowerCase()}:`,
      parts: partsOf(path.slice(drive[0].length), /[\\/]/),
      ignoresCase: true,
    };
  }
  const wsl = wslPath.exec(path);
  if (wsl !== null) {
    return {
      volume: `wsl:${wsl[1]?.toLowerCase()}`,
      parts: partsOf(path.slice(wsl[0].length), /[\\/]/),
      ignoresCase: false,
    };
  }
  // Two slashes mean a share where they are backslashes; to POSIX they are one.
  const share = path.startsWith('\\\\') ? sharePath.exec(path) : null;
  if (share !== null) {
    const volume = `//${share[1]}/${share[2]}`.toLowerCase();
    return { volume, parts: partsOf(path.slice(share[0].length), /[\\/]/), ignoresCase: true };
  }
  return path.startsWith('/') ? { volume: '/', parts: partsOf(path, /\//), ignoresCase: false } : undefined;
}

/** The names on the way, without what makes no difference. macOS writes accents apart, others as one. */
function partsOf(path: string, separator: RegExp): string[] {
  const parts: string[] = [];
  for (const part of path.split(separator)) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part.normalize('NFC'));
  }
  return parts;
}

/**
 * WSL and Windows see each other's files under other names: `/mnt/c/x` is `C:\x`, and `/home/me` of a distribution is
 * `\\wsl$\<distribution>\home\me`. Where one of the two is written the other's way, both are written in one.
 */
function inOneWorld(a: Parsed | undefined, b: Parsed | undefined): [Parsed | undefined, Parsed | undefined] {
  if (a === undefined || b === undefined || a.volume === b.volume) return [a, b];
  return [translated(a, b), translated(b, a)];
}

function translated(path: Parsed, other: Parsed): Parsed {
  const isDrive = /^[a-z]:$/.test(other.volume);
  const isWsl = other.volume.startsWith('wsl:');
  if (path.volume === '/' && isWsl) return { ...path, volume: other.volume };
  const [mnt, letter, ...parts] = path.parts;
  const mayBeMounted = path.volume === '/' || path.volume.startsWith('wsl:');
  if (mayBeMounted && isDrive && mnt === 'mnt' && `${letter?.toLowerCase()}:` === other.volume) {
    return { volume: other.volume, parts, ignoresCase: true };
  }
  return path;
}

/** The folders an instance works in. */
export function foldersOf({ cwd, workspaceFolders = [] }: Instance): readonly string[] {
  return cwd === undefined ? workspaceFolders : [cwd, ...workspaceFolders];
}

/** The same for people. */
export function tellFolders({ cwd, workspaceFolders = [] }: Instance): string {
  const open = workspaceFolders.length > 0 ? [`workspace folders are ${workspaceFolders.join(', ')}`] : [];
  const own = cwd !== undefined || open.length === 0 ? [`cwd is ${cwd ?? 'not given'}`] : [];
  return [...own, ...open].join(' and ');
}
