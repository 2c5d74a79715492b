// The tools that every well-behaved server of the fleet has, written once: `call` is what a tool may do, and each SDK
// brings its own (v1.js, v2.js). What a tool returns is its text, unless it is a whole result.
import { appendFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import { png, wav } from './media.js';

const none = z.object({});

/** One with a long name, as generators of tools from other descriptions make them. */
export const longName = `long_${'name_'.repeat(23)}`;

export const tools = {
  echo: {
    description: 'Says what it is told',
    inputSchema: z.object({ text: z.string().describe('What to say') }),
    annotations: { readOnlyHint: true, title: 'Echo' },
    run: ({ text }) => text,
  },
  add: {
    description: 'The sum of two numbers',
    inputSchema: z.object({ a: z.number(), b: z.number() }),
    outputSchema: z.object({ sum: z.number() }),
    run: ({ a, b }) => ({ content: [{ type: 'text', text: `${a + b}` }], structuredContent: { sum: a + b } }),
  },
  image: {
    description: 'Content of every kind',
    inputSchema: none,
    run: (_, { world }) => ({
      content: [
        { type: 'image', data: png, mimeType: 'image/png', annotations: { audience: ['user'], priority: 0.5 } },
        { type: 'audio', data: wav, mimeType: 'audio/wav' },
        { type: 'resource_link', uri: world.uri('static/1'), name: 'static', mimeType: 'text/plain' },
        { type: 'resource', resource: { uri: world.uri('embedded'), mimeType: 'text/plain', text: 'embedded' } },
      ],
      _meta: { 'example.com/origin': world.name },
    }),
  },
  fail: {
    description: 'Has a result that is an error',
    inputSchema: z.object({ message: z.string() }),
    run: ({ message }) => ({ content: [{ type: 'text', text: message }], isError: true }),
  },
  throws: {
    description: 'Throws',
    inputSchema: none,
    run: () => {
      throw new Error('thrown by the tool');
    },
  },
  who: {
    description: 'Which process and which session this is; `count` goes up with each call in a session',
    inputSchema: none,
    run: (_, { world, who }) => JSON.stringify({ name: world.name, pid: process.pid, at: world.at, ...who() }),
  },
  wait: {
    description: 'Takes its time, tells its progress, and says in the log how it ended',
    inputSchema: z.object({ ms: z.number(), steps: z.number().default(1), mark: z.string().default('') }),
    run: async ({ ms, steps, mark }, { world, signal, progress }) => {
      const tell = (word) => process.env.LOG && appendFileSync(process.env.LOG, `${word} ${world.name}${mark}\n`);
      tell('started');
      for (let step = 1; step <= steps; step++) {
        // Not right before the result: both SDKs' clients drop progress that is read together with it.
        await progress(step, steps, `step ${step}`);
        try {
          await pause(ms / steps, undefined, { signal });
        } catch {
          tell('cancelled');
          return 'cancelled';
        }
      }
      tell('done');
      return 'done';
    },
  },
  ask: {
    description: 'Asks the user one question. `apart`: with a request that does not belong to the call (v1 only)',
    inputSchema: z.object({ question: z.string(), apart: z.boolean().default(false) }),
    run: async ({ question, apart }, { ask }) => saidOf(await ask('answer', question, apart)),
  },
  ask_twice: {
    description: 'Asks the user two questions, one after the other',
    inputSchema: z.object({ first: z.string(), second: z.string() }),
    run: async ({ first, second }, { ask }) => {
      const one = saidOf(await ask('first', first));
      return `${one}, ${saidOf(await ask('second', second))}`;
    },
  },
  log: {
    description: 'Logs during the call',
    inputSchema: z.object({ count: z.number(), level: z.string().default('info') }),
    run: async ({ count, level }, { log }) => {
      for (let line = 1; line <= count; line++) await log(level, `line ${line}`);
      return `logged ${count}`;
    },
  },
  sample: {
    description: "Asks the client's model",
    inputSchema: z.object({ prompt: z.string() }),
    run: async ({ prompt }, { sample }) => {
      const { content } = await sample('sample', {
        messages: [{ role: 'user', content: { type: 'text', text: prompt } }],
        maxTokens: 10,
      });
      return content.text;
    },
  },
  roots: {
    description: "The client's roots",
    inputSchema: none,
    run: async (_, { roots }) => JSON.stringify((await roots('roots')).roots),
  },
  meta: {
    description: 'What came with the request: the keys of its _meta, and its headers',
    inputSchema: none,
    run: (_, { meta }) => JSON.stringify(meta()),
  },
  grow: {
    description: 'Gives the server one more tool, grown_<n>, and says that there are others now',
    inputSchema: none,
    run: (_, { world }) => world.grow(),
  },
  touch: {
    description: 'Updates the resource static/1',
    inputSchema: none,
    run: (_, { world }) => world.touch(),
  },
  big: {
    description: 'As many characters as it is told',
    inputSchema: z.object({ bytes: z.number() }),
    run: ({ bytes }) => 'x'.repeat(bytes),
  },
  'weird-name.with/odd chars': { description: 'Has a name that few hosts take', inputSchema: none, run: () => 'odd' },
  [longName]: { description: 'Has a name of 120 characters', inputSchema: none, run: () => 'long' },
};

/** Only of the flavour that floods. */
export const flood = {
  description: 'Says more than anybody wants to know',
  inputSchema: z.object({ count: z.number().default(10_000), changes: z.number().default(500) }),
  run: async ({ count, changes }, { log, progress, world }) => {
    for (let each = 1; each <= count; each++) {
      await log('info', `flood ${each}`);
      await progress(each, count);
      if (each <= changes) world.changed();
    }
    return `flooded ${count}`;
  },
};

/** A tool that grew. */
export const grown = (n) => ({ description: `Grew as number ${n}`, inputSchema: none, run: () => `grown ${n}` });

/** What the user is shown when asked. */
export const questionOf = (message) => ({
  message,
  requestedSchema: { type: 'object', properties: { answer: { type: 'string' } }, required: ['answer'] },
});

const saidOf = ({ action, content }) => (action === 'accept' ? `${content?.answer}` : action);
