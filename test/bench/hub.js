/** A tool is called through the hub, and straight: what stands between costs. */

import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { interleave } from './measure.js';

/** @type {import('./goals.js').Row[]} */
const rows = [{ what: 'a tool called through `rollcall hub`', hasTail: true, goals: [{ of: 'ratio', atMost: 2.5 }] }];

const pathOf = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

/** @param {string} script @param {string[]} args @param {string} directory */
const overStdio = (script, args, directory) =>
  new StdioClientTransport({
    command: process.execPath,
    args: [pathOf(script), ...args],
    env: { PATH: process.env.PATH ?? '', ROLLCALL_DIR: directory },
  });

/** @type {import('./bench.js').Scene[]} */
export const scenes = [
  {
    rows,
    sizes: [1, 10, 40],
    quick: [2],
    async play(bench, entries) {
      const directory = bench.folder();
      const servers = Array.from({ length: entries }, (_, n) =>
        bench.start('echo.js', { args: [directory, `server-${n}`] }),
      );
      /** @type {{ url: string }[]} */
      const [first = { url: '' }] = await Promise.all(servers.map((server) => server.ask('live')));
      const straight = new StreamableHTTPClientTransport(new URL(first.url));
      const contenders = [
        { name: 'the client of the SDK, straight', transport: straight, tool: 'echo' },
        {
          name: 'rollcall',
          transport: overStdio('../../dist/cli/main.js', ['hub'], directory),
          tool: 'server_0__echo',
        },
        {
          name: 'a proxy by hand, for this one server',
          transport: overStdio('programs/proxy.js', [first.url], directory),
          tool: 'echo',
        },
      ];
      const clients = [];
      const runners = [];
      for (const { name, transport, tool } of contenders) {
        const client = new Client({ name: 'bench', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
        await client.connect(transport);
        clients.push(client);
        let calls = 0;
        const call = async () => {
          const text = `call ${++calls}`;
          const { content } = await client.callTool({ name: tool, arguments: { text } });
          const [said] = content;
          if (said?.type !== 'text' || said.text !== text)
            throw new Error(`${name} answered ${JSON.stringify(content)}`);
        };
        await call();
        runners.push({
          name,
          async run() {
            const ms = [];
            for (let n = 0; n < bench.rounds(50, 10); n++) {
              const began = performance.now();
              await call();
              ms.push(performance.now() - began);
            }
            return { ms };
          },
        });
      }
      const measured = await interleave(runners, { rounds: bench.rounds(21), warmUp: bench.rounds(3, 1) });
      await Promise.all(clients.map((client) => client.close()));
      await Promise.all(servers.map((server) => server.kill()));
      return { processes: entries, ...measured };
    },
  },
];
