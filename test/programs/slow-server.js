// A server that takes DELAY ms to listen, registers as `slow`, and writes each start to the file STARTS: its pid, and
// its parent's. FAIL: says so on stderr and ends with that exit code instead. EXCLUSIVE, IDLE, PARENT: what it asks of
// its registration. BEFORE: how it fails
// before it exits. TOUCH: for how many ms it tells of activity. It takes upgrades, and keeps those connections open.
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { register } from '../../dist/index.js';

if (process.env.STARTS !== undefined) appendFileSync(process.env.STARTS, `${process.pid} ${process.ppid}\n`);
await pause(Number(process.env.DELAY ?? 0));
if (process.env.FAIL !== undefined) {
  console.error('the database is not there');
  process.exit(Number(process.env.FAIL));
}
const server = createServer((_, response) => {
  setTimeout(() => response.end('ok'), Number(process.env.ANSWER ?? 0));
});
server.on('upgrade', (_, socket) => {
  socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n');
  socket.on('end', () => socket.end());
});
server.listen(0, '127.0.0.1', async () => {
  const registration = await register({
    name: process.env.NAME ?? 'slow',
    exclusive: process.env.EXCLUSIVE !== undefined,
    endpoints: [{ type: 'http', url: `http://127.0.0.1:${server.address().port}/` }],
  });
  if (process.env.IDLE !== undefined) {
    const before = () => {
      if (process.env.BEFORE !== undefined) throw new Error(process.env.BEFORE);
    };
    registration.exitWhenIdle(Number(process.env.IDLE), { server, before });
  }
  if (process.env.PARENT !== undefined) registration.exitWithParent({ before: () => console.log('leaving') });
  const until = performance.now() + Number(process.env.TOUCH ?? 0);
  const touch = setInterval(() => {
    if (performance.now() > until) clearInterval(touch);
    else registration.touchActivity();
  }, 20);
  console.log(`listening ${registration.id} ${server.address().port}`);
});
