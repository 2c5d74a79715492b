// @ts-check
/** An HTTP server that wants a token: the token travels in its entry, and shows itself to nobody who does not ask. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { isSecret, Registry, register, urlOf } from 'rollcall';
import { ending, start, useRegistry } from './support.js';

if (process.argv[2] === 'serve') await serve();
else await story();

async function serve() {
  const token = `Bearer ${randomBytes(32).toString('base64url')}`;
  const server = createServer((request, response) => {
    const isAllowed = request.headers.authorization === token;
    response.writeHead(isAllowed ? 200 : 401).end(isAllowed ? 'welcome' : 'who are you?');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  await register({
    name: 'vault',
    kind: 'http',
    endpoints: [
      {
        type: 'http',
        url: `http://127.0.0.1:${port}/`,
        headers: [{ name: 'Authorization', value: token, isSecret: true }],
      },
    ],
  });
}

async function story() {
  const directory = useRegistry();
  const registry = new Registry({ directory });
  const server = start('http-server.js', ['serve']);
  const vault = await registry.waitFor({ name: 'vault' }, { timeout: 10_000 });

  const refused = await fetch(urlOf(vault));
  assert.equal(refused.status, 401);

  // Only `reveal` reads a secret.
  const headers = new Headers();
  for (const { name, value } of vault.endpoints[0]?.headers ?? []) {
    headers.set(name, isSecret(value) ? value.reveal() : value);
  }
  const welcomed = await fetch(urlOf(vault), { headers });
  assert.equal(await welcomed.text(), 'welcome');

  // However the instance is printed, the token is not in it.
  const token = headers.get('Authorization') ?? '';
  assert.match(token, /^Bearer .{43}$/);
  for (const print of [
    inspect(vault, { depth: 9 }),
    JSON.stringify(vault),
    `${vault.endpoints[0]?.headers?.[0]?.value}`,
  ]) {
    assert.ok(print.includes('[secret]') && !print.includes(token), print);
  }
  // It stands in the entry's file, which nobody but this user can read. (Windows has no such modes.)
  const file = join(directory, 'v1', `${vault.id}.json`);
  assert.ok(readFileSync(file, 'utf8').includes(token));
  if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o600);

  // Ctrl-C. The server listens to no signal: it ends as it would have without rollcall, and its entry with it.
  server.kill('SIGINT');
  assert.equal(await ending(server), 'SIGINT');
  const left = await registry.inspect();
  assert.deepEqual(
    left.filter(({ id }) => id === vault.id),
    [],
  );
  await registry.close();
  console.log('401 without the token, 200 with it; no entry after Ctrl-C');
}
