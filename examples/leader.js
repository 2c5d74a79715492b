// @ts-check
/** One leads at a time: three processes want to, and when the one that does is killed, the next one takes over. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Registry } from 'rollcall';
import { start, useRegistry } from './support.js';

if (process.send !== undefined) {
  // One of the three.
  const registry = new Registry();
  const claim = await registry.claim('leader', { wait: true });
  process.send({ pid: process.pid, token: claim.token });
  setInterval(() => {}, 60_000); // what it does while it leads; a claim does not keep it alive
} else {
  const registry = new Registry({ directory: useRegistry() });
  await registry.discover();
  const workers = ['first', 'second', 'third'].map((name) => start('leader.js', [name]));
  const leading = () =>
    Promise.race(workers.map(async (worker) => /** @type {any} */ (await once(worker, 'message'))[0]));
  let last = 0;
  for (let change = 1; change <= 3; change++) {
    const { pid, token } = await leading();
    console.log(`process ${change} leads, with token ${token}`);
    assert.ok(token > last);
    last = token;
    const error = await registry.claim('leader').catch((reason) => reason);
    assert.equal(error.code, 'ROLLCALL_CONFLICT');
    assert.equal(error.details.process.pid, pid);
    process.kill(pid, 'SIGKILL'); // no chance to give it back
  }
  const claim = await registry.claim('leader', { wait: 5_000 });
  assert.equal(claim.token, last + 1);
  await registry.close();
}
