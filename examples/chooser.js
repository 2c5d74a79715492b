// @ts-check
/**
 * What a program with a list of servers does, an editor's status bar, say: rows that are always true, whether each one
 * answers, and a choice that stays when the chosen server is replaced. Here the clicks are made by the story.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Registry } from 'rollcall';
import { connect, probe } from 'rollcall/mcp';
import { start, useRegistry } from './support.js';

/** @typedef {{ id: string, title: string, detail: string, isChosen: boolean }} Row */

class Chooser {
  /** @type {(rows: Row[]) => void} */
  #draw;
  #registry;
  #watcher;
  /** What each said when it was asked. @type {Map<string, string>} */
  #answers = new Map();
  /** @type {Awaited<ReturnType<typeof connect>> | undefined} */
  #connection;

  /** @param {Registry} registry @param {(rows: Row[]) => void} draw called with all rows whenever one has changed */
  constructor(registry, draw) {
    this.#registry = registry;
    this.#draw = draw;
    this.#watcher = registry.watch({ kind: 'mcp' });
    this.#watcher.on('add', (instance) => {
      this.#show();
      void probe(instance).then((answer) => {
        this.#answers.set(
          instance.id,
          answer.isServer ? `answers (${answer.era})` : `does not answer: ${answer.reason}`,
        );
        this.#show();
      });
    });
    this.#watcher.on('change', () => this.#show());
    this.#watcher.on('remove', ({ id }) => {
      this.#answers.delete(id);
      this.#show();
    });
  }

  /** @returns {Row[]} */
  get rows() {
    return this.#watcher.instances.map(({ id, name, title = name, status }) => ({
      id,
      title,
      detail: [status, this.#answers.get(id) ?? 'asking …'].join(', '),
      isChosen: this.#connection?.isConnected === true && this.#connection.instance.id === id,
    }));
  }

  /** The user clicks on a row. @param {string} id */
  async choose(id) {
    const instance = this.#watcher.instances.find((each) => each.id === id);
    if (instance === undefined) return;
    await this.#connection?.close();
    this.#connection = await connect(instance, { registry: this.#registry });
    // When it is replaced the client is connected to what took its place, and the choice goes along.
    this.#connection.on('connect', () => this.#show());
    this.#connection.on('disconnect', () => this.#show());
    this.#show();
  }

  /** The client of the chosen one. */
  get client() {
    return this.#connection?.client;
  }

  async close() {
    await this.#connection?.close();
    await this.#watcher.close();
  }

  #show() {
    this.#draw(this.rows);
  }
}

const registry = new Registry({ directory: useRegistry() });
/** @type {Row[]} */
let drawn = [];
const chooser = new Chooser(registry, (rows) => {
  drawn = rows;
});

/** @param {(rows: Row[]) => boolean} isSo */
async function until(isSo) {
  while (!isSo(drawn)) await new Promise((resolve) => setTimeout(resolve, 5));
}
const textOf = () => drawn.map(({ title, detail, isChosen }) => `${isChosen ? '●' : '○'} ${title}: ${detail}`).sort();

const notes = start('mcp-server.js', ['notes']);
const first = start('mcp-server.js', ['weather']);
await until((rows) => rows.length === 2 && rows.every(({ detail }) => detail.includes('answers')));
assert.deepEqual(textOf(), ['○ notes: ready, answers (modern)', '○ weather: ready, answers (modern)']);

// A click.
await chooser.choose(drawn.find(({ title }) => title === 'weather')?.id ?? '');
assert.deepEqual(textOf(), ['○ notes: ready, answers (modern)', '● weather: ready, answers (modern)']);
const current = async () => (await chooser.client?.callTool({ name: 'current', arguments: { city: 'Oslo' } }))?.content;
assert.match(JSON.stringify(await current()), /Oslo: /);

// It is killed, and its row goes; it comes back on another port, and is the chosen one.
const gone = once(first, 'exit');
first.kill('SIGKILL');
await gone;
await until((rows) => rows.length === 1);
assert.deepEqual(textOf(), ['○ notes: ready, answers (modern)']);
const second = start('mcp-server.js', ['weather']);
await until((rows) => rows.some(({ isChosen, detail }) => isChosen && detail.includes('answers')));
assert.deepEqual(textOf(), ['○ notes: ready, answers (modern)', '● weather: ready, answers (modern)']);
assert.match(JSON.stringify(await current()), /Oslo: /);

await chooser.close();
await registry.close();
for (const server of [notes, second]) server.kill('SIGTERM');
console.log('a choice outlived the server that was chosen');
