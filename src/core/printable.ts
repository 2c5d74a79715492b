/** Text from an entry, made fit for a terminal and for messages. */

// C0, DEL and C1; soft hyphen; bidi and zero-width marks; line and paragraph separators; variation selectors and
// tag characters that hide text; lone surrogates. Each can move the cursor, reorder or hide what a person reads.
const unprintable =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb]|[\ufe00-\ufe0f]|[\u{e0000}-\u{e0fff}]|\p{Surrogate}/gu;

/**
 * `text` with every control, bidi, zero-width and separator character written out as `\u{…}`.
 *
 * Every byte that reaches a terminal or a message from an entry goes through here.
 */
export function printable(text: string): string {
  return text.replace(unprintable, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** `value` as JSON with the same characters as JSON escapes: equal when parsed, and fit for a terminal. */
export function printableJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replace(unprintable, (character) =>
    // Line breaks and tabs can only be the indentation here: JSON escapes those in texts.
    character === '\n' ? character : [...Array(character.length).keys()].map((at) => escaped(character, at)).join(''),
  );
}

function escaped(text: string, at: number): string {
  return `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`;
}
