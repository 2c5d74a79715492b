// Imported before a program that is to be looked at (node --expose-gc --import): at each SIGUSR2 it writes one line of
// JSON to the file HEAP, the bytes in use after a collection, and what holds the process.
import { appendFileSync } from 'node:fs';

process.on('SIGUSR2', () => {
  globalThis.gc();
  const { heapUsed } = process.memoryUsage();
  const line = { heapUsed, resources: process.getActiveResourcesInfo().sort() };
  appendFileSync(process.env.HEAP, `${JSON.stringify(line)}\n`);
});
