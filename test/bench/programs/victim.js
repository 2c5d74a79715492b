// A server that will be killed. argv: how others notice, the directory of the registry, the path of a socket.
import { createServer } from 'node:net';
import { join } from 'node:path';
import { server, writeAndRename } from '../by-hand.js';
import { answer } from './answer.js';

const [way, directory, socket] = process.argv.slice(2);
const id = `victim-${process.pid}`;

const ways = {
  async rollcall() {
    const { Registry } = await import('rollcall');
    const registration = await new Registry({ directory }).register(server(0));
    return { id: registration.id };
  },
  'kill-0'() {
    const text = JSON.stringify({ ...server(0), id, process: { pid: process.pid } });
    writeAndRename(join(directory, id), join(directory, 'v1', `${id}.json`), text);
    return { id };
  },
  async socket() {
    await new Promise((resolve) => createServer().listen(socket, resolve));
    return { id, socket };
  },
};

answer({ live: () => ways[way]() });
