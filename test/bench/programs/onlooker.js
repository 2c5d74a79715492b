// Reads without end while others write, and tells what it should never have seen.
import { setImmediate } from 'node:timers/promises';
import { answer } from './answer.js';
import { ways } from './storage.js';

let storage;
let isOver;
let over;

answer({
  async open({ way, directory }) {
    storage = await ways[way](directory);
    isOver = false;
    over = look();
  },
  end() {
    isOver = true;
    return over;
  },
});

async function look() {
  const seen = new Set();
  const counts = { reads: 0, torn: 0, vanished: 0, last: 0 };
  for (;;) {
    // One look more after the end, at what was kept.
    const isLast = isOver;
    try {
      const ids = new Set(await storage.read());
      for (const id of seen) if (!ids.has(id) && seen.delete(id)) counts.vanished++;
      for (const id of ids) seen.add(id);
      counts.last = ids.size;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      counts.torn++;
    }
    counts.reads++;
    if (isLast) return counts;
    await setImmediate();
  }
}
