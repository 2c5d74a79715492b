/** Text from an entry, made fit for a terminal and for messages. */

// By Unicode's classes: controls (C0, DEL, C1), marks that reorder or format, lone surrogates, line and paragraph
// separators, and whatever is invisible by itself (zero-width, fillers, variation selectors, tag characters). Each can
// move the cursor, reorder or hide what a person reads.
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * `text` with every control, bidi, zero-width and separator character written out as `\u{…}`.
 *
 * Every byte that reaches a terminal or a message from an entry goes through here.
 */
export function printable(text: string): string {
  return replaceUnprintable(text, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** `text` with each of these characters as `notation` writes it, which has escapes of its own. */
export function replaceUnprintable(text: string, notation: (character: string) => string): string {
  return text.replace(unprintable, notation);
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
