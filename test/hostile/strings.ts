/** Strings that do harm where they are printed: each kind of control, and what terminals do with it. */

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);

/** Code points that may never reach a terminal from an entry. */
export const unprintable: readonly number[] = [
  ...range(0x00, 0x1f),
  ...range(0x7f, 0x9f),
  0xad, // soft hyphen
  0x061c, // Arabic letter mark
  ...range(0x115f, 0x1160), // invisible letters
  0x034f, // joins graphemes, and is not to be seen
  ...range(0x180b, 0x180f),
  ...range(0x200b, 0x200f), // zero-width, and marks of direction
  ...range(0x2028, 0x202e), // separators, and what turns text around
  ...range(0x2060, 0x206f),
  0x3164,
  ...range(0xfe00, 0xfe0f),
  0xfeff,
  0xffa0,
  ...range(0xfff9, 0xfffb),
  ...range(0x1bca0, 0x1bca3), // format of shorthand, and of music
  ...range(0x1d173, 0x1d17a),
  0xe0001,
  ...range(0xe0020, 0xe007f), // tags: text that nobody sees
  ...range(0xe0100, 0xe01ef),
];

const esc = '\u001b';

/** What they do on a terminal that takes them as they are. */
export const tricks: Readonly<Record<string, string>> = {
  'clears the screen': `${esc}[2J${esc}[H`,
  'colours all that follows': `${esc}[31m`,
  'colours it by one byte': '\u009b31m',
  'sets the title': `${esc}]0;pwned\u0007`,
  'fills the clipboard': `${esc}]52;c;cm0gLXJm${esc}\\`,
  'leads elsewhere than it shows': `${esc}]8;;http://evil.example/${esc}\\http://127.0.0.1/${esc}]8;;${esc}\\`,
  'asks the terminal to type an answer': `${esc}[6n${esc}[c`,
  'goes back over what was printed': 'safe\rpwned\b\b',
  'forges a line': 'x\nforged ready\r\nforged ready',
  'forges a line for a program': 'x\u2028forged\u2029forged\u0085forged',
  'turns itself around': '\u202egnp.exe\u202c',
  'hides a part of itself': 'a\u200b\u2060\u{e0041}\u{e0042}b',
  'is half a character': '\ud800',
  'every one of them': String.fromCodePoint(...unprintable),
};
