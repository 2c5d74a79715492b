/** What a router's pick costs beyond the discovery itself: who is left out, rules, health and strategy. */

import { playOnStages } from './stage.js';

/** @typedef {{ directory: string, entries: number }} World */

const query = { name: 'server-*' };

/** @type {import('./goals.js').Row[]} */
const rows = [
  {
    what: "a router's pick, with health and rules, beyond discover",
    above: 'registry.discover',
    goals: [{ of: 'median', atMost: 0.02, at: [100] }],
  },
];

/** @param {string} name @param {(directory: string) => Promise<() => Promise<any>>} make */
const picking = (name, make) => ({
  name,
  /** @param {World} world */
  open: async ({ directory, entries }) => ({
    work: await make(directory),
    // Whoever it is: all of them are candidates.
    check: (/** @type {any} */ found) => (Array.isArray(found) ? found.length : found === undefined ? 0 : entries),
  }),
});

/** @param {string} directory @param {import('rollcall/route').RouterOptions} options */
async function route(directory, options) {
  const [{ Registry }, { createRouter }] = await Promise.all([import('rollcall'), import('rollcall/route')]);
  return createRouter(new Registry({ directory }), options);
}

/** Every other is slow. A monitor looks it up, too. @returns {import('rollcall/route').RouterOptions['health']} */
function health() {
  /** @type {Map<string, any>} */
  const known = new Map();
  return {
    of(id) {
      const found = known.get(id) ?? { status: 'passing', responseTime: known.size % 2 === 0 ? 10 : 40 };
      known.set(id, found);
      return found;
    },
  };
}

/** @type {import('./stage.js').Contender[]} */
export const contenders = [
  picking('registry.discover', async (directory) => {
    const { Registry } = await import('rollcall');
    const registry = new Registry({ directory });
    return () => registry.discover(query);
  }),
  picking('registry.pick', async (directory) => {
    const { Registry } = await import('rollcall');
    const registry = new Registry({ directory });
    return () => registry.pick(query, { strategy: 'random' });
  }),
  picking('rollcall', async (directory) => {
    const require = { 'metadata.region': { $ne: 'mars' } };
    const rules = { 'server-*': { prefer: { 'metadata.region': ['us-west-2', 'eu-west-1'] }, require } };
    const router = await route(directory, { health: health(), rules, strategy: 'health-weighted' });
    return () => router.pick(query);
  }),
  picking('a router without health and rules', async (directory) => {
    const router = await route(directory, { strategy: 'random' });
    return () => router.pick(query);
  }),
  picking('a router, by a sticky key', async (directory) => {
    const router = await route(directory, { health: health() });
    let session = 0;
    return () => router.pick(query, { affinity: `session ${session++ % 1_000}` });
  }),
];

/** @type {import('./bench.js').Scene[]} */
export const scenes = [
  {
    rows,
    sizes: [10, 100],
    quick: [100],
    async play(bench, entries) {
      // Of one process: to look at a hundred takes ten times as long as what is measured here.
      const place = await bench.living(entries, 1);
      const cast = { file: import.meta.url, cast: 'contenders', contenders };
      const play = { ...cast, world: () => place, found: () => entries };
      return { processes: 1, ...(await playOnStages(bench, play, bench.rounds(40, 5))) };
    },
  },
];
