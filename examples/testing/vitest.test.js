// @ts-check
/** Under vitest: `npx vitest run --root examples/testing`. */

import { createCluster, FakeClock, testStore, withTempRegistry } from 'rollcall/testing';
import { expect, test } from 'vitest';
import { MapStore } from './map-store.js';
import { WeatherClient } from './weather-client.js';

test('the client stays with its server, and finds another when that is killed', async () => {
  const cluster = await createCluster({ instances: [{ name: 'weather' }, { name: 'weather' }] });
  const [first, second] = cluster.instances.map(({ instance }) => instance.endpoints[0]?.url);
  const client = new WeatherClient(cluster.registry);
  await cluster.advance(1_000);
  expect(client.url).toBe(first);

  // Busy, stopped in a debugger, or asleep for a night: it is still there.
  await cluster.stall(cluster.instances[0]);
  await cluster.sleep(8 * 60 * 60_000);
  await cluster.advance(60_000);
  expect(client.url).toBe(first);

  // SIGKILL, and its pid goes to somebody else: a second later the client has moved on.
  await cluster.reusePid(cluster.instances[0]);
  await cluster.advance(1_000);
  expect(client.url).toBe(second);

  // The last one deregisters.
  await cluster.stop(cluster.instances[1]);
  await cluster.advance(1_000);
  expect(client.url).toBeUndefined();
  await client.close();
  await cluster.close();
});

test('the client finds a server in the real registry, in files', async () => {
  await withTempRegistry(async (registry) => {
    const url = 'http://127.0.0.1:7778/';
    await registry.register({ name: 'weather', endpoints: [{ type: 'http', url }] });
    const client = new WeatherClient(registry);
    await client.ready;
    expect(client.url).toBe(url);
    await client.close();
  });
});

testStore({
  name: 'MapStore',
  test,
  open: () => {
    const [clock, entries] = [new FakeClock(), new Map()];
    const [store, other] = [new MapStore(entries, clock), new MapStore(entries, clock)];
    return { store, other, pass: (ms) => clock.stop(ms) };
  },
  traits: { reach: 'process', expiry: false, hints: false },
  methods: [],
  skip: { 'a store that cannot be reached says so, and never looks empty': 'a Map is always there' },
});
