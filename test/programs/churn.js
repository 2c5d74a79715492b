// Registers, updates and deregisters without end, with sealed texts of very different lengths. With `hold` it only
// registers. Prints `registered <id>` each time.
import { Registry } from '../../dist/index.js';
import { sealed } from './sealed.js';

const registry = new Registry();
const isHolding = process.argv[2] === 'hold';
// Mostly short, some near the limit of an entry.
const metadata = () => sealed(Math.random() < 0.02 ? 60_000 : Math.floor(10 ** (1 + Math.random() * 3)));
setInterval(() => {}, 1_000);
do {
  const registration = await registry.register({ name: 'churn', endpoints: [{ type: 'stdio' }], metadata: metadata() });
  process.stdout.write(`registered ${registration.id}\n`);
  if (isHolding) break;
  for (let round = 0; round < 20; round++) await registration.update({ metadata: metadata() });
  await registration.deregister();
  // biome-ignore lint/correctness/noConstantCondition: it ends when it is killed.
} while (true);
