// Registers servers in the names of other processes, and is then killed, so that nobody looks after the entries.
import { Registry } from 'rollcall';
import { server } from '../by-hand.js';
import { answer } from './answer.js';

answer({
  async register({ directory, pids, count }) {
    const registry = new Registry({ directory });
    for (let n = 0; n < count; n++) await registry.register(server(n), { pid: pids[n % pids.length] });
  },
});
