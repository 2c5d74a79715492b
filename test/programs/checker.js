// Reads all entries without end and holds each to its seal: `raw` as any program would, or by rollcall. Prints `torn …`
// for what should never be seen, and `reads <n>` every now and then. Ends when its stdin does.
import { readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Registry } from '../../dist/index.js';
import { isWhole, tearIn } from './sealed.js';

// Those who write are to get on.
setPriority(12);
const entries = join(process.env.ROLLCALL_DIR, 'v1');
const say = (line) => process.stdout.write(`${line}\n`);
const unlessGone = (act, otherwise) => {
  try {
    return act();
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return otherwise;
  }
};

function raw() {
  let count = 0;
  for (const name of unlessGone(() => readdirSync(entries), [])) {
    if (!name.endsWith('.json')) continue;
    const body = unlessGone(() => readFileSync(join(entries, name), 'utf8'));
    if (body === undefined) continue;
    count++;
    const tear = tearIn(body);
    if (tear !== undefined) say(`torn ${name}: ${tear}`);
  }
  return count;
}

const registry = new Registry();
async function rollcall() {
  const sightings = await registry.inspect();
  for (const { id, reason, instance } of sightings) {
    if (instance === undefined) say(`torn ${id}: ${reason}`);
    else if (!isWhole(instance.metadata)) say(`torn ${id}: the seal does not fit`);
  }
  return sightings.length;
}

const look = process.argv[2] === 'raw' ? raw : rollcall;
let isOver = false;
process.stdin.resume().on('end', () => {
  isOver = true;
});
say('reading');
let [reads, said] = [0, 0];
while (!isOver) {
  reads += await look();
  if (reads >= said + 1_000) say(`reads ${reads}`);
  said = reads - (reads % 1_000);
  await setImmediate();
}
