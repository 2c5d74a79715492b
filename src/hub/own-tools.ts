/** The tools of the hub itself, which are always there: for hosts that list once, and for more tools than one can list. */

import type { CallToolResult, Tool } from '@modelcontextprotocol/client';
import { addressOf } from '../core/address.js';
import type { Instance } from '../core/instance.js';
import type { Directory } from './directory.js';
import type { Link } from './link.js';
import { Mistake } from './mistake.js';

const instanceArgument = {
  type: 'string',
  description: 'An instance as rollcall_instances names it: its label, its name, its id or the beginning of that.',
};

const readOnly = { readOnlyHint: true, idempotentHint: true, openWorldHint: false };

export const ownTools: readonly Tool[] = [
  {
    name: 'rollcall_call',
    title: 'Call a tool of a running MCP server',
    description:
      'Calls a tool of one of the MCP servers that run on this machine now. rollcall_tools says which there are, and which arguments they take.',
    inputSchema: {
      type: 'object',
      properties: {
        instance: instanceArgument,
        tool: { type: 'string', description: "The tool's name, as rollcall_tools gives it." },
        arguments: { type: 'object', description: 'What the tool takes.', additionalProperties: true },
      },
      required: ['instance', 'tool'],
      additionalProperties: false,
    },
  },
  {
    name: 'rollcall_instances',
    title: 'List the running MCP servers',
    description: 'Lists the MCP servers that run on this machine now: what they are called, and whether they answer.',
    inputSchema: {
      type: 'object',
      properties: {
        query: {
          type: 'string',
          description: 'Only those whose name, title, description, folder or tags contain this.',
        },
      },
      additionalProperties: false,
    },
    annotations: readOnly,
  },
  {
    name: 'rollcall_tools',
    title: 'List the tools of running MCP servers',
    description:
      'Lists or searches the tools of one of the MCP servers that run on this machine now, or of all of them.',
    inputSchema: {
      type: 'object',
      properties: {
        instance: instanceArgument,
        query: {
          type: 'string',
          description: 'Only those whose name, title, description or arguments contain all of these words.',
        },
      },
      additionalProperties: false,
    },
    annotations: readOnly,
  },
];

/** So many tools are told with what they take, and so many at all: a model reads all of it. */
const mostInFull = 40;
const mostListed = 500;

/** Characters of what a server says of how to use it. */
const longestInstructions = 2_000;

/** As much of the hub as is told of. */
interface Ward {
  /** MCP servers that are registered, and that nobody else can connect to. */
  readonly unreachable: readonly Instance[];
  healthOf(instance: Instance): string | undefined;
  ailmentOf(instance: Instance): string | undefined;
}

/** What is told of an instance; nothing that is secret. */
export function describe(link: Link, hub: Ward): Record<string, unknown> {
  const { label, instance, offer } = link;
  const { id, name, title, version, description, kind, tags, capabilities, status, cwd } = instance;
  const instructions = link.instructions?.slice(0, longestInstructions);
  const count = offer.tools.length;
  const health = hub.healthOf(instance);
  const problem = hub.ailmentOf(instance) ?? link.failure;
  return {
    label,
    id,
    name,
    ...(title !== undefined && { title }),
    ...(version !== undefined && { version }),
    ...(description !== undefined && { description }),
    ...(kind !== undefined && { kind }),
    ...(tags.length > 0 && { tags }),
    ...(capabilities.length > 0 && { capabilities }),
    ...(cwd !== undefined && { cwd }),
    status: link.isThere ? status : 'gone',
    ...(health !== undefined && { health }),
    address: addressOf(instance),
    tools: count,
    ...(instructions !== undefined && { instructions }),
    ...(problem !== undefined && { problem }),
  };
}

export function instancesResult(links: readonly Link[], hub: Ward, query: unknown): CallToolResult {
  const instances = [
    ...links.filter(({ isThere }) => isThere).map((link) => describe(link, hub)),
    ...hub.unreachable.map(({ id, name, status, cwd }) => ({
      id,
      name,
      status,
      ...(cwd !== undefined && { cwd }),
      problem: 'speaks stdio: only the program that started it can reach it',
    })),
  ];
  return asResult({ instances: instances.filter((one) => contains(Object.values(one).flat().join('\n'), query)) });
}

export function toolsResult(
  directory: Directory,
  hub: Ward,
  { instance, query }: Readonly<Record<string, unknown>>,
): CallToolResult {
  const only = instance === undefined ? undefined : directory.meant(instance);
  const isPart = only !== undefined && !directory.isWhole(only);
  const problems = (only?.links ?? directory.links).flatMap((link) => {
    const problem = hub.ailmentOf(link.instance) ?? link.failure;
    return link.isThere && problem !== undefined ? [{ instance: directory.wordFor(link), problem }] : [];
  });
  const found = (only === undefined ? directory.tools : directory.toolsOf(only)).filter(({ name, own }) =>
    contains([name, own.name, own.title, own.description, ...argumentsOf(own)].join('\n'), query),
  );
  const isShort = found.length <= mostInFull;
  const tools = found.slice(0, mostListed).map(({ label, links: [link], own, name: direct }) => ({
    instance: isPart ? directory.wordFor(link) : label,
    name: own.name,
    // By its direct name another may be called.
    ...(!isPart && { direct }),
    ...(own.title !== undefined && { title: own.title }),
    ...(own.description !== undefined && { description: own.description }),
    ...(isShort && { inputSchema: own.inputSchema }),
  }));
  const labels = [...new Set(directory.links.filter(({ isThere }) => isThere).map(({ label }) => label))];
  const note = isShort
    ? `Nothing matches. ${directory.tools.length} tools in all, of: ${labels.join(', ') || 'nobody'}.`
    : `${found.length} tools; ask for an instance, or with a query, to see what they take.`;
  return asResult({
    tools,
    ...((!isShort || found.length === 0) && { note }),
    ...(problems.length > 0 && { problems }),
  });
}

const argumentsOf = ({ inputSchema }: Tool) => Object.keys(inputSchema.properties ?? {});

/** As every host shows it, and as data. */
function asResult(value: Record<string, unknown>): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(value) }], structuredContent: value };
}

/** All of its words, wherever they stand. */
function contains(text: string, query: unknown): boolean {
  if (typeof query !== 'string') return true;
  const lower = text.toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => lower.includes(word));
}

/** What a model gave to `rollcall_call`, or what is wrong with it, for the model to read. */
export function callOf({ instance, tool, arguments: given = {}, ...others }: Readonly<Record<string, unknown>>) {
  const extra = Object.keys(others);
  if (typeof instance !== 'string')
    throw new Mistake('`instance` is missing: one of those that rollcall_instances lists.');
  if (typeof tool !== 'string') throw new Mistake('`tool` is missing: one of those that rollcall_tools lists.');
  if (extra.length > 0) throw new Mistake(`${extra.join(', ')}: what the tool takes belongs into \`arguments\`.`);
  const parsed = typeof given === 'string' ? parsedOf(given) : given;
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new Mistake('`arguments` must be an object.');
  }
  return { instance, tool, given: parsed as Readonly<Record<string, unknown>> };
}

/** Models write objects as texts now and then. */
function parsedOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
