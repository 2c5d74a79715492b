/** A registry with the whole corpus in it, beside entries that are as they should be. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from '../../src/core/codec.js';
import { createId } from '../../src/core/id.js';
import type { Instance } from '../../src/core/instance.js';
import { Layout } from '../../src/store/file/directory.js';
import { FileStore } from '../../src/store/file/file-store.js';
import { makeInstance } from '../support/make-instance.js';
import { tempFolder } from '../support/temp.js';
import { foreignNames, type HostileFile, hostileFiles, hostileNames } from './files.js';
import { type HostileText, hostileTexts } from './texts.js';

const isRoot = process.getuid?.() === 0;

/** Those that this user can plant. */
export const plantable = hostileFiles.filter(({ only }) => only === undefined || (only === 'root') === isRoot);

/** What was planted under an id, and whether it is an entry all the same. */
export interface Planted {
  readonly id: string;
  readonly is: string;
  readonly reason?: RegExp | undefined;
}

/** A folder with `good` in it, to which hostile things can be added. */
export class HostileFolder {
  readonly directory = join(tempFolder(), 'registry');
  readonly store = new FileStore({ directory: this.directory });
  readonly planted: Planted[] = [];
  readonly #layout = new Layout(this.directory);
  readonly #outside = tempFolder();
  readonly #victims: string[] = [];

  /** An entry that is as it should be. Its process is `good.process`, or one of another machine. */
  async addGood(good: Instance = makeInstance({ name: 'good' })): Promise<Instance> {
    await this.store.put(good.id, encode(good), { ifAbsent: true });
    return good;
  }

  async addFile({ is, plant, reason }: HostileFile): Promise<void> {
    const id = createId('bad');
    const victim = join(this.#outside, String(this.#victims.length), 'victim');
    mkdirSync(join(victim, '..'));
    writeFileSync(victim, 'precious', { mode: 0o600 });
    this.#victims.push(victim);
    await plant(this.#layout.entry(id), victim);
    this.planted.push({ id, is, reason });
  }

  addText({ is, text, reason }: HostileText, name = 'bad'): void {
    const id = createId(name);
    writeFileSync(this.#layout.entry(id), text(id), { mode: 0o600 });
    this.planted.push({ id, is, reason });
  }

  addNames(): void {
    for (const name of [...hostileNames, ...foreignNames]) {
      writeFileSync(join(this.#layout.entries, name), '{}', { mode: 0o600 });
    }
  }

  async addAll(): Promise<void> {
    for (const file of plantable) await this.addFile(file);
    for (const text of hostileTexts) this.addText(text);
    this.addNames();
  }

  /** Whether what links lead to is as it was. */
  get isUnharmed(): boolean {
    return this.#victims.every((victim) => readFileSync(victim, 'utf8') === 'precious');
  }
}
