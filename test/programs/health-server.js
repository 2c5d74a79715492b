// A server that answers GET /health as it is told by its argv: `well`, `broken` (200, and a body that says otherwise),
// `failing` (500), `mute` (takes connections, answers nothing), `redirect`. It registers, prints `registered <id>`, and does
// what it is told on stdin from then on, a word a line.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { register } from '../../dist/index.js';

let [mode = 'well', name = mode] = process.argv.slice(2);
const answers = {
  well: (response) => response.end('{"db":"up"}'),
  broken: (response) => response.end('{"db":"down"}'),
  failing: (response) => response.writeHead(500).end(),
  redirect: (response) => response.writeHead(302, { location: process.env.TO }).end(),
  mute: () => {},
};
const server = createServer((_, response) => answers[mode](response));
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', async () => {
  const url = `http://127.0.0.1:${server.address().port}/`;
  const { id } = await register({ name, endpoints: [{ type: 'http', url }], health: { url: '/health' } });
  console.log(`registered ${id}`);
});
for await (const word of createInterface({ input: process.stdin })) {
  mode = word;
  console.log(`is ${word}`);
}
