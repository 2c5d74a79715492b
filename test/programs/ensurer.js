// Ensures the server `slow` once it is told `go`, and prints `got <id>` or `failed <code> <message as JSON>`. Stays until
// it is told `end`. OUTLIVE: what it starts is to outlive it.
import { createInterface } from 'node:readline';
import { Registry } from '../../dist/index.js';

const registry = new Registry();
console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'end') break;
  try {
    const instance = await registry.ensure(
      { name: 'slow' },
      {
        command: process.execPath,
        args: ['test/programs/slow-server.js'],
        timeout: Number(process.env.TIMEOUT ?? 120_000),
        outlive: process.env.OUTLIVE !== undefined,
      },
    );
    console.log(`got ${instance.id}`);
  } catch ({ code, message, details }) {
    console.log(`failed ${code} ${JSON.stringify({ message, details })}`);
  }
}
await registry.close();
process.stdin.destroy();
