/** G21: no leaks. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { eventually } from '../support/eventually.js';
import { start } from '../support/processes.js';
import { isFullTier, prove } from '../support/prove.js';
import { tempFolder } from '../support/temp.js';

interface Sample {
  readonly minutes: number;
  readonly fds: number;
  /** Of inotify. */
  readonly watches: number;
  readonly handles: number;
  readonly timers: number;
  /** Used after a collection, in MB. */
  readonly heap: number;
  /** In MB. */
  readonly rss: number;
  readonly rounds: number;
  readonly operations: number;
  readonly errors: number;
}

type Measure = Exclude<keyof Sample, 'minutes' | 'rounds' | 'operations' | 'errors'>;

const minutes = isFullTier ? Number(process.env.ROLLCALL_PROVE_SOAK ?? 10) : 0.12;
const samples = isFullTier ? Math.max(20, Math.round(minutes * 2)) : 4;

// What is compiled and cached comes in over the first minutes: 0.6 MB within half a minute, nothing after two.
const isLong = minutes >= 5;

/** How much more the last third may have than the first, on average. What is counted may not grow at all. */
const tolerance: Readonly<Record<Measure, number>> = {
  // One more or less for each process that is there at the moment of a sample: its lifeline, and its file in /proc.
  fds: isLong ? 3 : 6,
  watches: 0.5,
  // One request or timer more or less is in flight at the moment of a sample.
  handles: 2,
  timers: 2,
  heap: isLong ? 0.5 : 1.5,
  rss: isLong ? 8 : 40,
};

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** By least squares, per hour. */
function slope(of: readonly Sample[], measure: Measure): number {
  const [x, y] = [mean(of.map((sample) => sample.minutes)), mean(of.map((sample) => sample[measure]))];
  const above = of.reduce((sum, sample) => sum + (sample.minutes - x) * (sample[measure] - y), 0);
  return (60 * above) / of.reduce((sum, sample) => sum + (sample.minutes - x) ** 2, 0);
}

function print(all: readonly Sample[], settled: readonly Sample[]): void {
  const columns = ['minutes', 'fds', 'watches', 'handles', 'timers', 'heap', 'rss', 'operations'] as const;
  const row = (cells: readonly string[]) => cells.map((cell) => cell.padStart(11)).join('');
  const fractional = new Set<string>(['minutes', 'heap', 'rss']);
  const lines = all.map((sample) => row(columns.map((name) => sample[name].toFixed(fractional.has(name) ? 2 : 0))));
  const slopes = columns.slice(1, -1).map((name) => slope(settled, name as Measure).toFixed(2));
  console.log([row(columns), ...lines, row(['per hour', ...slopes])].join('\n'));
}

prove(
  'G21',
  `a soak of ${minutes} minutes with churn, kills, stops, broken entries and a folder that goes: nothing grows`,
  async () => {
    const directory = join(tempFolder(), 'registry');
    mkdirSync(directory);
    const program = start(
      process.execPath,
      ['--expose-gc', 'test/programs/soak.js', String(minutes * 60_000), String(samples)],
      { ROLLCALL_DIR: directory },
    );
    await eventually(
      'the soak is over',
      () => program.lines.length > samples + 1 || program.child.exitCode !== null,
      minutes * 60_000 + 60_000,
    );
    const lines = program.lines.map((line) => JSON.parse(line));
    const { errors } = lines.at(-1) ?? {};
    const all: Sample[] = lines.slice(0, samples);
    // The first quarter is for what is loaded, compiled and cached once.
    const settled = all.slice(Math.floor(samples / 4));
    if (isFullTier) print(all, settled);
    // Ends by itself, with everything closed.
    expect(await program.ended, program.errors()).toEqual({ code: 0, signal: null });
    expect(errors).toEqual([]);
    expect(lines[samples]).toMatchObject({ watches: 0, errors: 0 });
    const third = Math.ceil(settled.length / 3);
    for (const measure of Object.keys(tolerance) as Measure[]) {
      const [first, last] = [settled.slice(0, third), settled.slice(-third)].map((part) =>
        mean(part.map((sample) => sample[measure])),
      ) as [number, number];
      expect(last - first, `${measure}: ${first} → ${last}`).toBeLessThanOrEqual(tolerance[measure]);
    }
  },
  { tier: 'longer', needs: ['linux'], timeout: isFullTier ? minutes * 6_000 + 12_000 : 30_000 },
);
