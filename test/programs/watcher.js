// Watches and tells: one JSON object a line for each change, and `{"type":"ready"}`. On `view` it tells what it holds.
import { createInterface } from 'node:readline';
import { Registry } from '../../dist/index.js';

const registry = new Registry();
const watcher = registry.watch();
const say = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);
watcher.on('add', ({ id }) => say({ type: 'add', id }));
watcher.on('change', ({ id }) => say({ type: 'change', id }));
watcher.on('remove', ({ id }, reason) => say({ type: 'remove', id, reason }));
watcher.on('ready', () => say({ type: 'ready' }));
createInterface({ input: process.stdin }).on('line', () => {
  say({ type: 'view', instances: watcher.instances.map(({ id, metadata }) => [id, metadata.n]) });
});
