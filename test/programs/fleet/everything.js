// The reference server of the protocol's authors, in a process of its own: somebody else's program.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

const program = createRequire(import.meta.url).resolve('@modelcontextprotocol/server-everything/dist/index.js');

/** Starts it. It ends with us, and we with it. */
export async function everything(world, endings) {
  const port = Number(process.env.PORT) || (await freePort());
  const child = spawn(process.execPath, [program, 'streamableHttp'], {
    env: { ...process.env, PORT: `${port}` },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  endings.push(() => child.kill('SIGKILL'));
  process.once('exit', () => child.kill('SIGKILL'));
  child.once('exit', (code) => process.exit(code ?? 1));
  await new Promise((resolve) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      console.error(line);
      if (line.includes(`listening on port ${port}`)) resolve();
    });
  });
  world.at = port;
  return { endpoint: { type: 'streamable-http', url: `http://127.0.0.1:${port}/mcp` }, pid: child.pid };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
