// Reads without end, and tells what it should never see. On the end of its stdin it says how often it looked.
import { Registry } from '../../dist/index.js';

const registry = new Registry();
let isOver = false;
process.stdin.resume().on('end', () => {
  isOver = true;
});
process.stdout.write('reading\n');
let reads = 0;
while (!isOver) {
  for (const { id, verdict, reason } of await registry.inspect()) {
    reads++;
    if (verdict === 'illegible') process.stdout.write(`torn ${id} ${reason}\n`);
  }
  await new Promise((resolve) => setImmediate(resolve));
}
process.stdout.write(`reads ${reads}\n`);
