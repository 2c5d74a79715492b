// Does what its stdin says, one line each: `register 2000`, `update 2000` (a text of that many characters), `touch`,
// `discover`, `reap`, `deregister`, `claim`, `release`. Answers each line with one of JSON: {did, id, body} or {failed, code, message}.
// What escapes a promise ends it, as any program. WARM: a folder to do it all in once before, so that all modules are
// loaded. AS: the user to become. UMASK: its umask, octal.
import { createInterface } from 'node:readline';
import { FileStore, Registry } from '../../dist/index.js';
import { sealed } from './sealed.js';

const ttl = Number(process.env.TTL ?? 45_000);
let store;
let registry;
let registration;
let claim;
let tied = () => {};
const acts = {
  register: async (size) => {
    const isTied = new Promise((resolve) => {
      tied = resolve;
    });
    registration = await registry.register({ name: 'actor', endpoints: [{ type: 'stdio' }], metadata: sealed(size) });
    // Its lifeline comes a moment later, and would fall into whatever is done next. It keeps nothing alive by itself.
    const alive = setInterval(() => {}, 1_000);
    await isTied;
    clearInterval(alive);
  },
  update: (size) => registration.update({ metadata: sealed(size) }),
  touch: async () => {
    if (!(await store.touch(registration.id))) throw new Error('The entry is gone.');
  },
  discover: () => registry.discover(),
  reap: () => registry.reap(),
  deregister: () => registration.deregister(),
  claim: async () => {
    claim = await registry.claim('leader');
  },
  release: () => claim.release(),
};

function open(directory) {
  store = new FileStore({ directory });
  const hold = store.hold.bind(store);
  store.hold = (id) => hold(id).finally(() => tied());
  registry = new Registry({ store, ttl, onError: ({ code, message }) => say({ report: code, message }) });
}

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

if (process.env.WARM !== undefined) {
  open(process.env.WARM);
  for (const act of Object.values(acts)) await act(100);
}
const user = Number(process.env.AS ?? 0);
if (user !== 0) {
  process.setgroups([]);
  process.setgid(user);
  process.setuid(user);
}
if (process.env.UMASK !== undefined) process.umask(Number.parseInt(process.env.UMASK, 8));
open(process.env.ROLLCALL_DIR);
say({ ready: process.pid });
for await (const line of createInterface({ input: process.stdin })) {
  const [word, argument] = line.split(' ');
  try {
    await acts[word](Number(argument ?? 0));
    say({ did: word, id: registration?.id, seal: registration?.instance.metadata.seal });
  } catch ({ code, message }) {
    say({ failed: word, id: registration?.id, code, message });
  }
}
await registry.close();
