// Lets one entry come and go, by hand or by rollcall, and tells when that began. It is the process of the entry.
import { renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Registry } from 'rollcall';
import { server, writeAndRename } from '../by-hand.js';
import { answer, instant } from './answer.js';

const [directory] = process.argv.slice(2);
const registry = new Registry({ directory });
const folder = join(directory, 'v1');
const characters = '0123456789abcdefghjkmnpqrstvwxyz';
const random = () => Array.from({ length: 26 }, () => characters[Math.floor(Math.random() * 32)]).join('');
let registration = await registry.register(server(0));
const { instance } = registration;
await registration.deregister();
let id;

answer({
  ready() {},
  // An entry as rollcall writes it, of which only the last step is timed.
  async appear() {
    id = `${instance.name}-${random()}`;
    const draft = join(folder, '.drafts', id);
    writeFileSync(draft, JSON.stringify({ ...instance, id }), { mode: 0o600 });
    const at = instant();
    renameSync(draft, join(folder, `${id}.json`));
    return { id, at };
  },
  // The same from the first call on.
  async write() {
    id = `${instance.name}-${random()}`;
    const at = instant();
    writeAndRename(join(folder, '.drafts', id), join(folder, `${id}.json`), JSON.stringify({ ...instance, id }));
    return { id, at };
  },
  async vanish() {
    const at = instant();
    unlinkSync(join(folder, `${id}.json`));
    return { id, at };
  },
  async register() {
    const at = instant();
    registration = await registry.register(server(0));
    return { id: registration.id, at };
  },
  async deregister() {
    const at = instant();
    await registration.deregister();
    return { id: registration.id, at };
  },
});
