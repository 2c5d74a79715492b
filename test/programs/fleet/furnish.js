// What a server of the fleet offers, put into a server of either SDK: their McpServers take the same.
import * as z from 'zod';
import { png } from './media.js';
import { flood, tools } from './tools.js';

/** `callOf(ctx)` gives a tool what it may do, from what the SDK gives its handler. */
export function furnish(server, world, { ResourceTemplate, completable, callOf, settle = (run) => run() }) {
  const addTool = (name, { run, ...config }) =>
    server.registerTool(name, config, (input, ctx) =>
      settle(async () => {
        const result = await run(input, callOf(ctx));
        return typeof result === 'string' ? { content: [{ type: 'text', text: result }] } : result;
      }),
    );
  for (const [name, tool] of Object.entries({ ...tools, ...world.grownTools, ...(world.floods ? { flood } : {}) })) {
    addTool(name, tool);
  }
  addResources(server, world, ResourceTemplate);
  addPrompts(server, world, completable);
  return addTool;
}

function addResources(server, world, ResourceTemplate) {
  server.registerResource(
    'static',
    world.uri('static/1'),
    { title: 'A text', description: 'Says how often it was touched', mimeType: 'text/plain' },
    (uri) => ({ contents: [{ uri: uri.href, mimeType: 'text/plain', text: `touched ${world.touched}` }] }),
  );
  server.registerResource('blob', world.uri('blob'), { mimeType: 'image/png' }, (uri) => ({
    contents: [{ uri: uri.href, mimeType: 'image/png', blob: png }],
  }));
  const items = ['apple', 'apricot', 'banana'];
  server.registerResource(
    'items',
    new ResourceTemplate(world.uri('items/{id}'), {
      list: undefined,
      complete: { id: (start) => items.filter((item) => item.startsWith(start)) },
    }),
    { title: 'Items', mimeType: 'text/plain' },
    (uri, { id }) => ({ contents: [{ uri: uri.href, mimeType: 'text/plain', text: `item ${id} of ${world.name}` }] }),
  );
}

function addPrompts(server, world, completable) {
  const say = (text) => ({ messages: [{ role: 'user', content: { type: 'text', text } }] });
  server.registerPrompt('plain', { title: 'Plain', description: 'Takes nothing' }, () => say(`plain of ${world.name}`));
  const languages = ['dutch', 'danish', 'german'];
  server.registerPrompt(
    'translate',
    {
      description: 'Takes a text and a language',
      // Not an object of zod: v1 would not find what completes it.
      argsSchema: {
        text: z.string().describe('What to translate'),
        language: completable(z.string(), (start) => languages.filter((each) => each.startsWith(start))),
      },
    },
    ({ text, language }) => say(`${text} in ${language}, says ${world.name}`),
  );
}
