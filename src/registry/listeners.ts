/** Listeners by type of event, none of which can harm the others or whoever tells them. */

/** For each type of event what its listeners are called with. */
type EventMap<Events> = Record<keyof Events, unknown[]>;

export class Listeners<Events extends EventMap<Events>> {
  readonly #byType = new Map<keyof Events, ((args: unknown[]) => unknown)[]>();
  readonly #onThrow: (error: unknown) => void;

  constructor(onThrow: (error: unknown) => void) {
    this.#onThrow = onThrow;
  }

  /** Adds a listener, and returns what takes it back. */
  on<Type extends keyof Events>(type: Type, listener: (...args: Events[Type]) => void): () => void {
    const call = (args: unknown[]) => listener(...(args as Events[Type]));
    this.#byType.set(type, [...(this.#byType.get(type) ?? []), call]);
    return () => {
      const others = (this.#byType.get(type) ?? []).filter((other) => other !== call);
      this.#byType.set(type, others);
    };
  }

  /** Calls the listeners in the order they were added. `false`: there was none. */
  emit<Type extends keyof Events>(type: Type, ...args: Events[Type]): boolean {
    const listeners = this.#byType.get(type) ?? [];
    for (const listener of listeners) {
      try {
        // An async listener that rejects would otherwise end the process.
        Promise.resolve(listener(args)).catch(this.#onThrow);
      } catch (error) {
        this.#onThrow(error);
      }
    }
    return listeners.length > 0;
  }

  clear(): void {
    this.#byType.clear();
  }
}
