/** Daemons that end by themselves. */

import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { Registry } from '../../src/index.js';
import { eventually } from '../support/eventually.js';
import { start, startNode } from '../support/processes.js';
import { tempFolder } from '../support/temp.js';

const open = () => {
  const directory = tempFolder();
  return { directory, registry: new Registry({ directory }) };
};

describe('when nobody needs it', () => {
  test('it deregisters and exits with 0', async () => {
    const { directory, registry } = open();
    const server = startNode('test/programs/slow-server.js', [], { ROLLCALL_DIR: directory, IDLE: '300' });
    await server.line(/^listening/);
    expect(await server.ended).toEqual({ code: 0, signal: null });
    expect(await registry.inspect()).toEqual([]);
    await registry.close();
  });

  test('a request under way keeps it, however long it takes', async () => {
    const { directory, registry } = open();
    const env = { ROLLCALL_DIR: directory, IDLE: '1000', ANSWER: '2500' };
    const server = startNode('test/programs/slow-server.js', [], env);
    const port = (await server.line(/^listening/)).split(' ')[2];
    const asked = request(`http://127.0.0.1:${port}/`).end();
    const [response] = await once(asked, 'response');
    let body = '';
    for await (const chunk of response) body += chunk;
    expect(body).toBe('ok');
    expect(await server.ended).toEqual({ code: 0, signal: null });
    await registry.close();
  });

  test('an upgraded connection keeps it for as long as it is open', async () => {
    const { directory, registry } = open();
    const server = startNode('test/programs/slow-server.js', [], { ROLLCALL_DIR: directory, IDLE: '1000' });
    const port = (await server.line(/^listening/)).split(' ')[2];
    const socket = connect(Number(port), '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    await once(socket, 'data');
    const since = performance.now();
    await eventually('it was idle for more than twice as long', () => performance.now() - since > 2_500 || undefined);
    expect(await registry.discover()).toHaveLength(1);
    socket.end();
    expect(await server.ended).toEqual({ code: 0, signal: null });
    await registry.close();
  });

  test('whatever tells of activity keeps it', async () => {
    const { directory, registry } = open();
    const env = { ROLLCALL_DIR: directory, IDLE: '1000', TOUCH: '2000' };
    const server = startNode('test/programs/slow-server.js', [], env);
    await server.line(/^listening/);
    const since = performance.now();
    expect(await server.ended).toEqual({ code: 0, signal: null });
    expect(performance.now() - since).toBeGreaterThan(2_000);
    await registry.close();
  });
});

test('whoever asks while it leaves has an answer, or is refused; none is cut off', async () => {
  for (const wait of [280, 295, 300, 305, 320]) {
    const { directory, registry } = open();
    const env = { ROLLCALL_DIR: directory, IDLE: '300', ANSWER: '150' };
    const server = startNode('test/programs/slow-server.js', [], env);
    const port = (await server.line(/^listening/)).split(' ')[2];
    const since = performance.now();
    await eventually('the moment has come', () => performance.now() - since >= wait || undefined);
    const asked = request(`http://127.0.0.1:${port}/`).end();
    const outcome = await Promise.race([
      once(asked, 'response').then(([response]) => `${response.statusCode}`),
      once(asked, 'error').then(([error]) => error.code),
    ]).catch((error) => error.code);
    expect(['200', 'ECONNREFUSED']).toContain(outcome);
    expect(await server.ended).toEqual({ code: 0, signal: null });
    await registry.close();
  }
});

test('what goes wrong before it ends is told, and it ends all the same', async () => {
  const { directory, registry } = open();
  const env = { ROLLCALL_DIR: directory, IDLE: '100', BEFORE: 'the database is busy' };
  const server = startNode('test/programs/slow-server.js', [], env);
  expect(await server.ended).toEqual({ code: 0, signal: null });
  expect(server.errors()).toContain('the database is busy');
  await registry.close();
});

test('with its parent, also when that was killed', async () => {
  const { directory, registry } = open();
  // A shell that waits for it, and does nothing else.
  const parent = start('sh', ['-c', `"${process.execPath}" test/programs/slow-server.js; :`], {
    ROLLCALL_DIR: directory,
    PARENT: '1',
  });
  await parent.line(/^listening/);
  expect(await registry.discover()).toHaveLength(1);
  parent.child.kill('SIGKILL');
  await eventually('it has left', async () => (await registry.inspect()).length === 0 || undefined, 10_000);
  await eventually('it has done what it was to do before', () => parent.lines.includes('leaving') || undefined);
  await registry.close();
});
