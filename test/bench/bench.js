/** What the parts share: a temporary folder, registries of every size, and the end of all that was started. */

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { entriesIn } from './by-hand.js';
import { Crowd } from './crowd.js';
import { Program } from './program.js';

/** @typedef {import('./measure.js').Measured} Measured */
/** @typedef {import('./goals.js').Row} Row */
/** @typedef {{ directory: string, folder: string, entries: number, processes: number }} Place A registry, and the folder of its entries. */

/**
 * @typedef {object} Scene What is measured together: contenders on the same work, the limit first, rollcall second.
 * @property {readonly Row[]} rows
 * @property {readonly number[]} sizes  How many entries there are.
 * @property {readonly number[]} [quick]  The same for a quick run.
 * @property {(bench: Bench, entries: number) => Promise<Measured & { processes: number }>} play
 */

/** A living machine never has 10,000 servers: the entries of more are shared among so many processes. */
const mostProcesses = 100;

export class Bench {
  isQuick;
  #root = mkdtempSync(join(realpathSync(tmpdir()), 'rollcall-bench-'));
  #folders = 0;
  /** @type {Set<Program>} */
  #programs = new Set();
  /** @type {Map<string, Promise<Crowd>>} */
  #crowds = new Map();
  /** @type {Map<string, Promise<Place>>} */
  #places = new Map();

  /** @param {{ isQuick: boolean }} options */
  constructor({ isQuick }) {
    this.isQuick = isQuick;
  }

  /** How often, in a full run and in a quick one. @param {number} full @param {number} [quick] */
  rounds(full, quick = 3) {
    return this.isQuick ? quick : full;
  }

  /** A new empty folder. */
  folder() {
    const path = join(this.#root, String(++this.#folders));
    mkdirSync(path, { mode: 0o700 });
    return path;
  }

  /**
   * @param {string} file
   * @param {import('./program.js').Options} [options]
   */
  start(file, options) {
    const program = new Program(file, options);
    this.#programs.add(program);
    void program.ended.then(() => this.#programs.delete(program));
    return program;
  }

  /**
   * A registry of `entries` living instances, written by rollcall; the same for all who ask, so only to be read.
   *
   * @param {number} entries
   * @param {number} [processes]
   */
  async living(entries, processes = Math.min(entries, mostProcesses)) {
    return this.#once(this.#places, `living ${entries} ${processes}`, async () => {
      const size = Math.max(processes, mostProcesses);
      const crowd = await this.#once(this.#crowds, `living ${size}`, () => Crowd.start(size));
      return this.#populate(entries, crowd.pids.slice(0, processes));
    });
  }

  /** The same of processes that were killed. @param {number} entries */
  async dead(entries) {
    return this.#once(this.#places, `dead ${entries}`, async () => {
      const crowd = await Crowd.start(Math.min(entries, mostProcesses));
      const place = await this.#populate(entries, crowd.pids);
      await crowd.end();
      return place;
    });
  }

  /** A copy of a registry, to be changed. @param {Place} place @returns {Place} */
  copy({ directory, entries, processes }) {
    const target = this.folder();
    cpSync(directory, target, { recursive: true, preserveTimestamps: true });
    // Or the system writes it to disk while others are measured.
    spawnSync('sync');
    return { directory: target, folder: join(target, 'v1'), entries, processes };
  }

  /** All entries of a registry in one JSON file, as those keep them who have only one. @param {Place} place */
  single({ folder }) {
    const path = join(this.folder(), 'servers.json');
    writeFileSync(path, JSON.stringify({ servers: Object.fromEntries(read(folder).map((each) => [each.id, each])) }));
    return path;
  }

  /** Ends all that was started, and removes all that was written. */
  async close() {
    const crowds = [...this.#crowds.values()];
    this.#crowds.clear();
    await Promise.allSettled([...this.#programs].map((program) => program.kill()));
    await Promise.allSettled(crowds.map(async (crowd) => (await crowd).end()));
    rmSync(this.#root, { recursive: true, force: true, maxRetries: 3 });
  }

  /**
   * @param {number} entries
   * @param {readonly number[]} pids
   * @returns {Promise<Place>}
   */
  async #populate(entries, pids) {
    const directory = this.folder();
    const registrar = this.start('registrar.js');
    await registrar.ask('register', { directory, pids, count: entries });
    await registrar.kill();
    spawnSync('sync');
    return { directory, folder: join(directory, 'v1'), entries, processes: pids.length };
  }

  /**
   * @template Value
   * @param {Map<string, Promise<Value>>} known
   * @param {string} key
   * @param {() => Promise<Value>} make
   */
  #once(known, key, make) {
    const made = known.get(key) ?? make();
    known.set(key, made);
    return made;
  }
}

/** The entries of a folder. @param {string} folder @returns {any[]} */
export const read = (folder) => entriesIn(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));
