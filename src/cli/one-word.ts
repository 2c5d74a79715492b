/** An address as one word of a shell: `curl $(rollcall url api)` splits at blanks. */

/** `address`; if there are blanks in it, as a URL that has them encoded. A path with blanks stays as it is. */
export function oneWord(address: string): string {
  return /\s/.test(address) && URL.canParse(address) ? new URL(address).href : address;
}
