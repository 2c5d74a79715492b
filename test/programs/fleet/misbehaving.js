// Servers that do what servers must not, each in one way. What they answer of the protocol is by hand, of the era before
// 2026 and without sessions: no SDK would let them.
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

const { BREAK, DELAY = 10_000, STATUS = 302, COUNT = 3_000 } = process.env;

const inputSchema = { type: 'object', properties: { text: { type: 'string' } } };
const toolOf = (name) => ({ name, description: `The tool ${name}`, inputSchema });

/** The least that a client calls a server: one tool, `echo`, and what `also` answers, by method. */
export function least(world, also = {}) {
  const answers = {
    initialize: ({ protocolVersion }) => ({
      protocolVersion,
      capabilities: { tools: {} },
      serverInfo: { name: world.name, version: '0.0.0' },
    }),
    ping: () => ({}),
    'tools/list': () => ({ tools: [toolOf('echo')] }),
    'tools/call': ({ arguments: given }) => ({ content: [{ type: 'text', text: `${given?.text}` }] }),
    ...also,
  };
  return async (request, response) => {
    if (request.method !== 'POST') return response.writeHead(405).end();
    const { id, method, params = {} } = JSON.parse(await textOf(request));
    if (id === undefined) return response.writeHead(202).end();
    const answer = answers[method];
    const body =
      answer === undefined
        ? { error: { code: -32601, message: `There is no ${method}` } }
        : { result: await answer(params, response) };
    if (response.destroyed) return;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ jsonrpc: '2.0', id, ...body }));
  };
}

/** Takes what it is sent, and never answers. */
export const hung = () => (request) => void request.resume();

/** Lets nobody in. */
export const refusing = () => (_, response) =>
  response.writeHead(401, { 'www-authenticate': 'Bearer' }).end('{"error":"invalid_token"}');

/** Something else altogether, that answers everything. */
export const page = () => (_, response) =>
  response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Not MCP</title>');

/** Has COUNT tools, in one page. */
export const huge = (world) =>
  least(world, {
    'tools/list': () => ({ tools: Array.from({ length: Number(COUNT) }, (_, n) => toolOf(`tool_${n}`)) }),
  });

/** Lists its tools after DELAY ms. */
export const slow = (world) =>
  least(world, {
    'tools/list': async () => {
      await pause(Number(DELAY));
      return { tools: [toolOf('echo')] };
    },
  });

/** Answers half of a JSON, and hangs up: of the method BREAK, or whatever it is asked. */
export function broken(world) {
  const half = async (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1_000 });
    // The rest never comes, and what has come has left us.
    await new Promise((resolve) => response.write('{"jsonrpc":"2.0","result":{"to', resolve));
    response.destroy();
  };
  return BREAK === undefined ? half : least(world, { [BREAK]: half });
}

/** Sends everybody to another server (with STATUS), which prints what it gets. */
export function redirecting(world) {
  const answer = least(world);
  const other = createServer((request, response) => {
    process.stdout.write(`got ${request.method} ${request.url} ${JSON.stringify(request.headers)}\n`);
    void answer(request, response);
  }).listen(0, '127.0.0.1');
  return (request, response) => {
    request.resume();
    response.writeHead(Number(STATUS), { location: `http://127.0.0.1:${other.address().port}/elsewhere` }).end();
  };
}

async function textOf(request) {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}
