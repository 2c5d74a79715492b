// Starts a child, registers it, and prints `registered <id> <pid of the child>`.
import { spawn } from 'node:child_process';
import { Registry } from '../../dist/index.js';

const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1_000)'], { stdio: 'ignore' });
const { id } = await new Registry().register({ name: 'child', status: 'starting' }, { pid: child.pid });
process.stdout.write(`registered ${id} ${child.pid}\n`);
