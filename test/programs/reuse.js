// As the first process of a pid namespace: gives the pids of children that have ended to other processes and to
// threads. argv: how often. Prints a line of JSON for each: who has the pid now, and what the registry says of it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Registry } from '../../dist/index.js';

const registry = new Registry();
const sleep = async () => {
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
  await once(child, 'spawn');
  return child;
};
const end = async (child) => {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
};

for (let round = 0; round < Number(process.argv[2]); round++) {
  const child = await sleep();
  const { pid } = child;
  const registration = await registry.register({ name: 'child', endpoints: [{ type: 'stdio' }] }, { pid });
  const before = (await registry.discover()).length;
  await end(child);
  // Start times are told in steps of 10 ms. No machine comes round to the same pid within one.
  await pause(25);
  const kind = round % 2 === 0 ? 'process' : 'thread';
  let isTaken = false;
  let leave;
  while (!isTaken) {
    writeFileSync('/proc/sys/kernel/ns_last_pid', String(pid - 1));
    if (kind === 'process') {
      const other = await sleep();
      isTaken = other.pid === pid;
      leave = () => end(other);
    } else {
      const worker = new Worker('setInterval(() => {}, 1000)', { eval: true });
      await once(worker, 'online');
      isTaken = existsSync(`/proc/self/task/${pid}`);
      leave = () => worker.terminate();
    }
    if (!isTaken) await leave();
  }
  const found = (await registry.discover()).length;
  const [sighting] = await registry.inspect();
  const { removed } = await registry.reap();
  const line = { kind, before, found, reason: sighting?.reason, removed: removed.length };
  process.stdout.write(`${JSON.stringify(line)}\n`);
  await leave();
  await registration.deregister();
}
process.exit();
