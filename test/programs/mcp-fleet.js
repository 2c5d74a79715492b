// One real MCP server that makes itself known. argv: flavour, then its name. Prints `registered <id>`, then
// `ready <port or socket path>`. From the environment: ROLLCALL_DIR; PORT; TTL; LOG, the file that `wait` tells what it
// does; ENTRY, JSON that is put into the entry; TOKEN, asked of every client, and put into the entry as a secret.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { everything } from './fleet/everything.js';
import { World } from './fleet/world.js';

const [flavour, name = flavour] = process.argv.slice(2);
const { ROLLCALL_DIR, PORT = 0, TTL, ENTRY = '{}', TOKEN } = process.env;
const world = new World(name);

const v1 = () => import('./fleet/v1.js');
const v2 = () => import('./fleet/v2.js');
const bad = () => import('./fleet/misbehaving.js');

/** What answers, and where. Only what is needed is loaded: processes are many. */
const flavours = {
  'v2-http': async () => ({ handle: (await v2()).httpV2(world) }),
  'v2-stateless': async () => ({ handle: (await v2()).statelessV2(world) }),
  'v2-unix': async () => ({ handle: (await v2()).httpV2(world), isUnix: true }),
  'v1-http': async () => ({ handle: (await v1()).httpV1(world) }),
  'v1-sse': async () => ({ handle: (await v1()).sseV1(world), type: 'sse', path: '/sse' }),
  flood: async () => {
    world.floods = true;
    return { handle: (await v1()).httpV1(world) };
  },
  hung: async () => ({ handle: (await bad()).hung() }),
  401: async () => ({ handle: (await bad()).refusing() }),
  'not-mcp': async () => ({ handle: (await bad()).page() }),
  huge: async () => ({ handle: (await bad()).huge(world) }),
  'slow-list': async () => ({ handle: (await bad()).slow(world) }),
  broken: async () => ({ handle: (await bad()).broken(world) }),
  redirect: async () => ({ handle: (await bad()).redirecting(world) }),
};

const endings = [];
const say = (line) => process.stdout.write(`${line}\n`);

async function listen({ handle, isUnix = false, type = 'streamable-http', path = '/mcp' }) {
  const server = createServer((request, response) => {
    if (TOKEN !== undefined && request.headers.authorization !== `Bearer ${TOKEN}`)
      return response.writeHead(401).end();
    Promise.resolve(handle(request, response)).catch((error) => {
      console.error(error);
      response.destroy();
    });
  });
  if (isUnix) {
    // Beside the registry, where a test clears up after who was killed.
    const folder = mkdtempSync(join(ROLLCALL_DIR ? dirname(ROLLCALL_DIR) : tmpdir(), 'fleet-'));
    endings.push(() => rmSync(folder, { recursive: true, force: true }));
    server.listen(join(folder, 'socket'));
  } else server.listen(Number(PORT), '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  world.at = isUnix ? address : address.port;
  const where = isUnix
    ? { socketPath: address, url: `http://localhost${path}` }
    : { url: `http://127.0.0.1:${address.port}${path}` };
  const headers = TOKEN && [{ name: 'Authorization', value: `Bearer ${TOKEN}`, isSecret: true }];
  return { endpoint: { type, ...where, ...(headers ? { headers } : {}) } };
}

async function begin() {
  const { Registry } = await import('../../dist/index.js');
  const registry = new Registry({
    ...(TTL === undefined ? {} : { ttl: Number(TTL) }),
    onError: (error) => console.error(error),
  });
  process.once('SIGTERM', async () => {
    await registry.close();
    for (const end of endings) end();
    process.exit(0);
  });
  const make = flavours[flavour];
  if (make === undefined && flavour !== 'everything') throw new Error(`There is no flavour ${flavour}.`);
  const { endpoint, pid } = make ? await listen(await make()) : await everything(world, endings);
  const { id } = await registry.register(
    { name, kind: 'mcp', endpoints: [endpoint], ...JSON.parse(ENTRY) },
    pid === undefined ? {} : { pid },
  );
  say(`registered ${id}`);
  say(`ready ${world.at}`);
}

if (flavour === 'v2-stdio') (await import('./fleet/stdio.js')).stdioV2(world);
else if (flavour === 'v1-stdio') await (await import('./fleet/stdio.js')).stdioV1(world);
else await begin();
