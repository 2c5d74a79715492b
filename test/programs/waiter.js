// Connects to `weather`, and waits until it is connected again: nothing else keeps this process alive.
import { connect } from '../../dist/mcp/index.js';

const connection = await connect({ name: 'weather' });
const away = new Promise((resolve) => connection.on('disconnect', resolve));
console.log('connected');
const open = setInterval(() => {}, 1_000);
await away;
clearInterval(open);
console.log('away');
await connection.connected({ signal: AbortSignal.timeout(200) }).catch(({ name }) => console.log(`aborted: ${name}`));
await connection.connected();
console.log('again');
await connection.close();
