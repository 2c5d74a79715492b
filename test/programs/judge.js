// Judges without a pause: discovers, inspects, reaps, sweeps and watches. On `tell` it says what it saw since last time.
import { createInterface } from 'node:readline';
import { Reaper, Registry } from '../../dist/index.js';

const fresh = () => ({ looks: 0, lost: new Set(), doubts: {}, removes: [], reaped: [], errors: [] });
let seen = fresh();
const note = (error) => seen.errors.push(String(error.message));
const registry = new Registry({ onError: note });
const reaper = new Reaper(registry, { interval: 100 }).start();
const watcher = registry.watch();
watcher.on('remove', ({ id }, reason) => seen.removes.push([id, reason]));

let known = new Set();
let asked = 0;
async function look() {
  try {
    const ids = new Set((await registry.discover()).map(({ id }) => id));
    for (const id of known) if (!ids.has(id)) seen.lost.add(id);
    known = ids;
    for (const { id, verdict, reason } of await registry.inspect()) {
      if (verdict === 'alive') continue;
      seen.doubts[id] ??= new Set();
      seen.doubts[id].add(`${verdict}: ${reason.replace(/\d+ s ago/, '… s ago')}`);
    }
    for (const { id } of (await registry.reap()).removed) seen.reaped.push(id);
  } catch (error) {
    note(error);
  }
  seen.looks++;
  setTimeout(look, 20);
}
await look();

for await (const line of createInterface({ input: process.stdin })) {
  if (line !== 'tell') continue;
  const { lost, doubts, ...rest } = seen;
  const report = {
    now: Date.now(),
    ...rest,
    lost: [...lost],
    doubts: Object.fromEntries(Object.entries(doubts).map(([id, reasons]) => [id, [...reasons]])),
    view: watcher.instances.map(({ id }) => id).sort(),
  };
  seen = fresh();
  process.stdout.write(`report ${++asked} ${JSON.stringify(report)}\n`);
}
reaper.stop();
process.exit();
