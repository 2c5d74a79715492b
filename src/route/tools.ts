/** A call of a tool on whichever MCP server has it. */

import { invalid, RollcallError } from '../core/errors.js';
import type { Instance } from '../core/instance.js';
import type { CallToolResult, Tool } from '../mcp/client.js';
import type { Delivery } from '../mcp/delivery.js';
import { wayTo } from '../mcp/way.js';
import { pause } from '../process/turns.js';
import { within } from '../process/within.js';
import { longestTimeout } from '../registry/options.js';
import type { AttemptContext, Choosing } from './call.js';
import type { ToolOptions } from './options.js';
import type { CompiledRule } from './rules.js';
import { Selection, type SelectionWorld } from './selection.js';
import type { ToolLine } from './tool-line.js';
import type { ToolLines } from './tool-lines.js';
import { reasonOf } from './unanswered.js';

/** For each attempt to connect, and for a list of tools, in ms. */
const patience = 5_000;

/** So many are asked at once for the tools they have; one that has not answered after so long, in ms, makes way. */
const atOnce = 8;
const turn = 500;

/** Once one has said that it has the tool: how long others may take to say so as well, in ms. */
const courtesy = 1_000;

/** Of whom this is told nobody knows yet. */
const pending = 'has not said yet which tools it has';

/** It has no such tool: whoever has is asked. */
class Mischoice extends Error {}

/** The call was not taken, however it failed. */
const unsent = new WeakSet<object>();

export class ToolCall {
  readonly #lines: ToolLines;
  readonly #name: string;
  readonly #args: Record<string, unknown>;
  readonly #options: ToolOptions;
  readonly #timeout: number;
  readonly #selection: Selection;
  /** Why each cannot be used for this: it has no such tool, or cannot be asked. */
  readonly #obstacles = new Map<string, string>();
  /** Whose tools have been asked for in this call. */
  readonly #asked = new Set<string>();
  #asking: Promise<void> | undefined;
  /** Whether one of them has it, and when that is known. */
  #hasFound = false;
  #tellFound = () => {};
  readonly #found = new Promise<void>((resolve) => {
    this.#tellFound = resolve;
  });
  /** Narrowed further in each round: those that say that they have it come first. */
  #isAmong: (instance: Instance) => boolean = () => true;

  /** `timeout`: for one attempt, in ms. */
  constructor(
    world: SelectionWorld,
    lines: ToolLines,
    {
      name,
      args,
      options,
      rule,
      timeout,
    }: {
      readonly name: string;
      readonly args: Record<string, unknown>;
      readonly options: ToolOptions;
      readonly rule: CompiledRule | undefined;
      readonly timeout: number;
    },
  ) {
    if (typeof args !== 'object' || args === null || Array.isArray(args)) {
      throw invalid('The call of callTool', [{ path: 'args', message: 'must be an object' }]);
    }
    this.#lines = lines;
    this.#name = name;
    this.#args = args;
    this.#options = options;
    this.#timeout = Math.min(patience, timeout);
    this.#selection = new Selection(world, options.query, options, rule, (instance) => this.#obstacle(instance));
  }

  /** Whoever says that it has the capability, or is called as the tool begins; then whoever has the tool, once asked. */
  async choose(avoid: ReadonlySet<string>, signal: AbortSignal): Promise<Choosing> {
    const stages = [
      ({ capabilities }: Instance) => capabilities.includes(this.#name),
      ({ name }: Instance) => this.#name.startsWith(`${name}.`),
      () => true,
    ];
    for (const [index, isAmong] of stages.entries()) {
      this.#isAmong = isAmong;
      if (index === stages.length - 1) await within(this.#askAll(), signal);
      const choosing = await this.#selection.choose(avoid);
      // Those that have failed in this call are taken only if nobody else may have it.
      const isLast = index === stages.length - 1;
      if (choosing.chosen !== undefined && (isLast || choosing.isPinned || !avoid.has(choosing.chosen.id)))
        return choosing;
    }
    return { chosen: undefined, isPinned: false };
  }

  async leftOut() {
    this.#isAmong = () => true;
    return this.#selection.leftOut();
  }

  async run(instance: Instance, { signal }: AttemptContext): Promise<CallToolResult> {
    let line: ToolLine;
    let tool: Tool | undefined;
    try {
      line = await within(this.#lines.to(instance, this.#timeout), signal);
      tool = toolOf(this.#name, instance, await within(line.tools(this.#timeout), signal));
    } catch (error) {
      // So far nothing was called.
      throw certainlyUnsent(error);
    }
    if (tool === undefined) {
      this.#obstacles.set(instance.id, this.#lacks);
      throw certainlyUnsent(new Mischoice(this.#lacks));
    }
    const delivery: Delivery = { wasRefused: false, mayBeTaken: false };
    const { onProgress } = this.#options;
    // Some arguments go as headers, too, if the tool says so. Whether the result is as promised is for the caller to see.
    const { outputSchema: _, ...toolDefinition } = tool;
    try {
      return await line.watch(delivery, () =>
        line.client.callTool(
          { name: tool.name, arguments: this.#args },
          {
            signal,
            // The deadline is the call's.
            timeout: longestTimeout,
            toolDefinition,
            ...(onProgress !== undefined && { onprogress: onProgress }),
          },
        ),
      );
    } catch (error) {
      // The SDK has its own word for it.
      const thrown = signal.aborted ? signal.reason : error;
      // Closed just before, it has sent nothing at all.
      const isUnsent = delivery.wasRefused || (error as { code?: unknown } | null)?.code === 'NOT_CONNECTED';
      throw isUnsent && !delivery.mayBeTaken ? certainlyUnsent(thrown) : thrown;
    }
  }

  isUnsent(error: unknown): boolean {
    return typeof error === 'object' && error !== null && unsent.has(error);
  }

  isMischoice(error: unknown): boolean {
    return error instanceof Mischoice;
  }

  get #lacks(): string {
    return `has no tool ${this.#name}`;
  }

  #obstacle(instance: Instance): string | undefined {
    if (wayTo(instance) === undefined) return 'has no endpoint over which MCP can be spoken (streamable-http, sse)';
    if (!this.#isAmong(instance)) return 'is not among those that say that they have it';
    return this.#obstacles.get(instance.id);
  }

  /**
   * Which of those that can be used have it. A connection that is kept knows. Who has not answered yet is not chosen, and
   * not waited for if another has it; who could not be asked a moment ago, only if nobody else has it.
   */
  async #askAll(): Promise<void> {
    const { candidates, pin } = await this.#selection.look();
    if (pin !== undefined) return;
    const unasked = this.#selection.usable(candidates).filter(({ id }) => !this.#asked.has(id));
    for (const { id } of unasked) {
      this.#asked.add(id);
      this.#obstacles.set(id, pending);
    }
    const silent = unasked.filter((each) => this.#lines.isSilent(each));
    const asking = this.#askThese(unasked.filter((each) => !silent.includes(each)));
    const askingSilent = this.#askThese(silent);
    this.#asking ??= asking.then(() => (this.#hasFound ? undefined : askingSilent));
    // In a later attempt, those that have it have failed; who has yet to answer has a moment more.
    const enough = this.#hasFound ? pause(turn) : this.#found.then(() => pause(courtesy));
    await Promise.race([this.#asking, enough]);
    for (const each of unasked) if (this.#obstacles.get(each.id) === pending) this.#lines.noteSilence(each);
  }

  async #askThese(instances: readonly Instance[]): Promise<void> {
    const left = [...instances];
    const all: Promise<void>[] = [];
    const ask = async () => {
      for (let next = left.pop(); next !== undefined; next = left.pop()) {
        const asking = this.#ask(next);
        all.push(asking);
        await Promise.race([asking, pause(turn)]);
      }
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, left.length) }, ask));
    await Promise.all(all);
  }

  async #ask(instance: Instance): Promise<void> {
    try {
      const line = await this.#lines.to(instance, this.#timeout);
      const tools = await line.tools(this.#timeout);
      if (toolOf(this.#name, instance, tools) === undefined) {
        this.#obstacles.set(instance.id, this.#lacks);
        return;
      }
      this.#obstacles.delete(instance.id);
      this.#hasFound = true;
      this.#tellFound();
    } catch (error) {
      // Its next attempt may have more luck, in another call.
      this.#obstacles.set(instance.id, reasonOf(error));
      this.#lines.noteSilence(instance);
    }
  }
}

/** `weather.current` may be `current` of the instance `weather`. */
function toolOf(name: string, instance: Instance, tools: ReadonlyMap<string, Tool>): Tool | undefined {
  const prefix = `${instance.name}.`;
  return tools.get(name) ?? (name.startsWith(prefix) ? tools.get(name.slice(prefix.length)) : undefined);
}

function certainlyUnsent(error: unknown): unknown {
  const marked =
    typeof error === 'object' && error !== null ? error : new RollcallError('ROLLCALL_CLOSED', String(error), {});
  unsent.add(marked);
  return marked;
}
