/** A value that does not show itself. */

const shown = '[secret]';
const brand: unique symbol = Symbol.for('rollcall.secret') as never;

/**
 * Holds a token so that it cannot slip into a log: JSON, strings and inspection all show `[secret]`, and only
 * `reveal()` reads it. It protects from accidents, not from code in the same process that wants to know.
 */
export class Secret {
  readonly #value: string;
  readonly [brand] = true;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toJSON(): string {
    return shown;
  }

  toString(): string {
    return shown;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return shown;
  }
}

/** Whether `value` is a {@link Secret}, from whichever copy of the package. */
export function isSecret(value: unknown): value is Secret {
  return typeof value === 'object' && value !== null && brand in value;
}
