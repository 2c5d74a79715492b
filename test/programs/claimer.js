// Holds the claim `leader` again and again once it is told `go`, and writes each hold to the file LOG: what happened,
// the token, the pid, and when, by the clock that all processes share. TTL: of its records, in ms.
import { appendFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Registry } from '../../dist/index.js';

const registry = new Registry({ ttl: Number(process.env.TTL ?? 45_000) });
const note = (what, token) =>
  appendFileSync(process.env.LOG, `${what} ${token} ${process.pid} ${process.hrtime.bigint()}\n`);

console.log('ready');
await new Promise((resolve) => process.stdin.once('data', resolve));
process.stdin.pause();
for (;;) {
  const claim = await registry.claim('leader', { wait: true });
  note('acquire', claim.token);
  let isLost = false;
  void claim.lost.then(() => {
    isLost = true;
    note('lost', claim.token);
  });
  await pause(Math.random() * 20);
  if (isLost) continue;
  // Whoever is told nothing else before it is told that: it looks first.
  if (!(await claim.check())) continue;
  note('release', claim.token);
  await claim.release();
}
