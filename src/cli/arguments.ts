/** What stands behind options, made of the text that it is on the command line. */

import { InvalidArgumentError } from 'commander';
import { longestTimeout } from '../registry/options.js';
import { parseDuration } from './duration.js';

export function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError('A duration is a number with ms, s, m or h: 30s.');
  if (ms > longestTimeout) throw new InvalidArgumentError('The longest is 24 days (576h).');
  return ms;
}

export function port(text: string): number {
  const number = Number(text);
  if (text !== '' && Number.isInteger(number) && number >= 0 && number <= 65_535) return number;
  throw new InvalidArgumentError('A port is a number from 0 (any that is free) to 65535.');
}
