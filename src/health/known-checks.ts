/** The checks that come with rollcall, and which of them an instance is given. */

import { anything, type Check as Checked, callable, fields, flag, list, number, oneOf, text } from '../core/checks.js';
import type { Problem } from '../core/errors.js';
import type { Instance } from '../core/instance.js';
import { question } from '../mcp/probe.js';
import { wayTo } from '../mcp/way.js';
import { type Check, type Level, levels, type Placing } from './check.js';
import { checkHttp, type HttpCheck } from './http-check.js';
import { checkLoad, type LoadCheck } from './load-check.js';
import { checkTcp, targetOf } from './tcp-check.js';

/** `process`: the verdict on its process. `tcp`: it takes connections. `mcp`: it answers the protocol's own question. */
export interface PlainCheck extends Placing {
  readonly check: 'process' | 'tcp' | 'mcp';
}

export type CheckName = 'process' | 'tcp' | 'http' | 'mcp' | 'load';

export type CheckRequest = CheckName | PlainCheck | HttpCheck | LoadCheck;

/** Why there is no MCP server, in a few words. */
const obstacles = {
  refused: 'takes no connection',
  unauthorized: 'does not let us in',
  timeout: 'does not answer',
  ended: 'is not there',
  broken: 'breaks off',
  'not-mcp': 'answers, but not as an MCP server does',
} as const;

const known: Readonly<Record<CheckName, Pick<Check, 'level' | 'failing'>>> = {
  process: { level: 'live', failing: 'critical' },
  tcp: { level: 'live', failing: 'critical' },
  http: { level: 'ready', failing: 'critical' },
  mcp: { level: 'ready', failing: 'critical' },
  load: { level: 'dependencies', failing: 'warning' },
};

export const checkNames = Object.keys(known) as CheckName[];

const placing = { level: oneOf(levels), failing: oneOf(['warning', 'critical']) };
const status = number(100, 599);
const shapes: Readonly<Record<CheckName, Checked>> = {
  process: fields({ check: anything, ...placing }),
  tcp: fields({ check: anything, ...placing }),
  mcp: fields({ check: anything, ...placing }),
  http: fields({
    check: anything,
    url: text,
    status: (value, path) => (Array.isArray(value) ? list(status, 1, 100) : status)(value, path),
    body: callable,
    withSecrets: flag,
    ...placing,
  }),
  load: fields({
    check: anything,
    cpu: number(0, 1_000_000),
    memory: number(0, Number.MAX_SAFE_INTEGER),
    ...placing,
  }),
};

export const checkRequest: Checked = (value, path): readonly Problem[] => {
  const name = typeof value === 'string' ? value : (value as { check?: unknown } | null)?.check;
  if (typeof name !== 'string' || !Object.hasOwn(known, name)) {
    return [{ path, message: `must be, or have as its "check", one of ${checkNames.join(', ')}` }];
  }
  return typeof value === 'string' ? [] : shapes[name as CheckName](value, path);
};

/** The check that is asked for. */
export function checkFor(request: CheckRequest): Check {
  const given = typeof request === 'string' ? ({ check: request } as Exclude<CheckRequest, string>) : request;
  const { check: name, level, failing, ...rest } = given;
  const usual = known[name];
  return { name, level: level ?? usual.level, failing: failing ?? usual.failing, run: runnerOf(name, rest) };
}

function runnerOf(name: CheckName, options: object): Check['run'] {
  switch (name) {
    case 'process':
      return async ({ id }, { registry, signal }) => {
        if ((await registry.get(id, { signal })) === undefined) throw new Error('its process is gone');
      };
    case 'tcp':
      return checkTcp;
    case 'http':
      return (instance, context) => checkHttp(options, instance, context);
    case 'mcp':
      return async (instance, { signal, timeout }) => {
        const answer = await question(instance, { signal, timeout }, { isHeld: false });
        if (!answer.isServer) {
          const hint = answer.status === undefined ? '' : ` (HTTP ${answer.status})`;
          throw new Error(obstacles[answer.reason] + hint);
        }
      };
    case 'load':
      return (instance, context) => checkLoad(options, instance, context);
  }
}

/** What is checked of an instance if nobody says it: its process, and then whatever it can be asked. */
export function usualChecks(instance: Instance): CheckName[] {
  const isAsked = typeof instance.health?.url === 'string';
  const isMcp = instance.kind === 'mcp' && wayTo(instance) !== undefined;
  const takesConnections = instance.endpoints.some((endpoint) => targetOf(endpoint) !== undefined);
  return [
    'process',
    ...(isAsked ? (['http'] as const) : []),
    ...(isMcp ? (['mcp'] as const) : []),
    ...(!isAsked && !isMcp && takesConnections ? (['tcp'] as const) : []),
  ];
}

/** In the order in which they are asked. */
export const byLevel = (checks: readonly Check[]): Check[][] =>
  levels.map((level: Level) => checks.filter((check) => check.level === level)).filter((some) => some.length > 0);
