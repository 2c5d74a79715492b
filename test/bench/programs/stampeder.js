// One of many that write at the same moment.
import { setTimeout } from 'node:timers/promises';
import { answer } from './answer.js';
import { ways } from './storage.js';

let storage;
let written;
answer({
  async open({ way, directory }) {
    storage = await ways[way](directory);
  },
  // `at`: ms of the system's clock. Resolves with how long the write took, or why it failed.
  async write(at) {
    await setTimeout(at - Date.now());
    const began = performance.now();
    try {
      written = await storage.write();
      return { ms: performance.now() - began };
    } catch (error) {
      return { ms: performance.now() - began, error: String(error) };
    }
  },
  async forget() {
    await written?.deregister?.();
    written = undefined;
  },
});
