/** G13: unknown fields and newer formats survive an older version's update. */

import { existsSync, readFileSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished } from 'vitest';
import { createId } from '../../src/core/id.js';
import { entrySchema } from '../../src/core/schema.js';
import { Registry } from '../../src/index.js';
import { FakeClock } from '../../src/testing/fake-clock.js';
import { cliHere } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { prove, times } from '../support/prove.js';
import { startServer } from '../support/servers.js';
import { tempFolder } from '../support/temp.js';

type Json = Record<string, unknown>;

/** Any JSON value, as JSON can write it: -0 is 0. `__proto__` is dropped by design, and has a test of its own. */
const anyJson = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.parse(JSON.stringify(value)));
const withoutProto = (value: unknown) => !JSON.stringify(value).includes('"__proto__"');

/** Fields that no version of this format has had so far; some are named like what every object has. */
const unknownFields = fc
  .dictionary(
    fc.oneof(
      fc.string({ minLength: 1, maxLength: 20 }).map((key) => `x-${key}`),
      fc.constantFrom('constructor', 'toString', 'hasOwnProperty', '$ref', 'then', 'toJSON', '', '0', 'reveal'),
    ),
    anyJson,
    { maxKeys: 5, noNullPrototype: true },
  )
  .filter(withoutProto);

const additions = fc.record({
  top: unknownFields,
  process: unknownFields,
  endpoint: unknownFields,
  header: unknownFields,
  metadata: unknownFields,
  mcp: unknownFields,
  health: unknownFields,
});

const patches = fc.constantFrom(
  {},
  { status: 'draining' as const },
  { title: 'Other' },
  { tags: ['x'] },
  { title: undefined },
  { metadata: { own: 1 } },
  { cwd: '/' },
);

const endpoints = [
  { type: 'http', url: 'http://127.0.0.1:1/', headers: [{ name: 'A', value: 'secret', isSecret: true }] },
];

function realRegistry() {
  const directory = tempFolder();
  const clock = new FakeClock();
  const errors: unknown[] = [];
  const registry = new Registry({ directory, clock, ttl: 3_000, onError: (error) => void errors.push(error) });
  onTestFinished(() => registry.close().catch(() => {}));
  const path = (id: string) => join(directory, 'v1', `${id}.json`);
  const read = (id: string): Json => JSON.parse(readFileSync(path(id), 'utf8'));
  return { directory, clock, errors, registry, path, read };
}

prove('G13', 'unknown fields of any kind survive updates, heartbeats and healing', async () => {
  const { clock, errors, registry, path, read } = realRegistry();
  await fc.assert(
    fc.asyncProperty(additions, patches, patches, async (added, first, second) => {
      const registration = await registry.register({ name: 'old', endpoints, title: 'T', metadata: { a: 1 } });
      const { id } = registration;
      const entry = read(id) as Json & { endpoints: [Json & { headers: [Json] }] };
      const [endpoint] = entry.endpoints;
      // As a newer version of the same server would have written it.
      const newer = {
        ...added.top,
        ...entry,
        process: { ...added.process, ...(entry.process as Json) },
        endpoints: [{ ...added.endpoint, ...endpoint, headers: [{ ...added.header, ...endpoint.headers[0] }] }],
        metadata: { ...added.metadata, ...(entry.metadata as Json) },
        mcp: added.mcp,
        health: added.health,
      };
      writeFileSync(path(id), JSON.stringify(newer), { mode: 0o600 });
      // A reader has it, too, unknown fields and all; only the header's value is hidden.
      const seen = await registry.get(id);
      expect(seen).toMatchObject({ ...added.top, metadata: newer.metadata, process: newer.process });
      let expected: Json = newer;
      for (const patch of [first, second]) {
        await registration.update(patch);
        expected = JSON.parse(JSON.stringify({ ...expected, ...patch }));
        expected.updatedAt = read(id).updatedAt;
        expect(read(id)).toEqual(expected);
        await clock.advance(1_500);
        expect(read(id)).toEqual(expected);
      }
      // Wiped, or broken: the next heartbeat puts it back as it was written last.
      unlinkSync(path(id));
      await clock.advance(1_500);
      await eventually('the heartbeat has put it back', () => existsSync(path(id)));
      expect(read(id)).toEqual(expected);
      writeFileSync(path(id), '{"format":1,"id":', { mode: 0o600 });
      await clock.advance(1_500);
      await eventually('the heartbeat has mended it', () => read(id));
      expect(read(id)).toEqual(expected);
      expect(errors).toEqual([]);
      expect(await registration.deregister()).toBe(true);
    }),
    { numRuns: times({ full: 2_000, quick: 40 }) },
  );
});

prove('G13', 'a key __proto__ is dropped, by design, and changes nothing else', async () => {
  const { registry, path, read } = realRegistry();
  const registration = await registry.register({ name: 'old', endpoints });
  const before = read(registration.id);
  const hostile = JSON.stringify(before).replace('{', '{"__proto__":{"format":2,"polluted":true},');
  writeFileSync(path(registration.id), hostile.replace('"metadata":{', '"metadata":{"__proto__":{"polluted":true}'));
  const updated = await registration.update({ title: 'T' });
  expect(updated).not.toHaveProperty('polluted');
  expect({}).not.toHaveProperty('polluted');
  const after = read(registration.id);
  expect(after).toEqual({ ...before, title: 'T', updatedAt: after.updatedAt });
});

prove('G13', 'the schema lets unknown fields be at every level where there are known ones', () => {
  fc.assert(
    fc.property(additions, ({ top, process, endpoint, header }) => {
      const id = createId('x');
      const entry = {
        ...top,
        ...{ format: 1, id, name: 'x', registeredAt: '2026-01-01T00:00:00Z' },
        process: { ...process, pid: 1 },
        endpoints: [{ ...endpoint, type: 'stdio', headers: [{ ...header, name: 'a', value: 'b' }] }],
      };
      expect(entrySchema.parse(entry)).toMatchObject(entry);
    }),
    { numRuns: times({ full: 20_000, quick: 500 }) },
  );
});

const newerEntries = fc
  .record({
    format: fc.constantFrom(2, 3, 10, 1_000_000),
    rest: fc.oneof(
      unknownFields,
      fc.record({ process: fc.oneof(anyJson, fc.constant({ pid: 4_194_304, start: '1' })), name: anyJson }),
      fc.record({ id: anyJson, endpoints: anyJson, ttl: anyJson }),
    ),
  })
  .filter(withoutProto);

prove('G13', 'an entry of a newer format is shown with the reason, is no answer, and is never removed', async () => {
  const { directory, clock, registry, path } = realRegistry();
  const watcher = registry.watch();
  await eventually('it has looked', () => watcher.isReady);
  const { id: ownId } = await registry.register({ name: 'present', endpoints });
  const { process } = (await registry.get(ownId)) ?? {};
  await fc.assert(
    fc.asyncProperty(newerEntries, fc.boolean(), async ({ format, rest }, isDead) => {
      const id = createId('newer');
      const identity = isDead ? { ...process, pid: 4_194_303, start: '1' } : process;
      const text = JSON.stringify({ id, name: 'newer', process: identity, endpoints, ...rest, format });
      writeFileSync(path(id), text, { mode: 0o600 });
      // As if it had been silent for years.
      utimesSync(path(id), 1, 1);
      const reason = `is of format ${format}; this version reads up to 1: update rollcall to see it`;
      const sightings = await registry.inspect();
      expect(sightings.find((sighting) => sighting.id === id)).toMatchObject({ verdict: 'illegible', reason });
      expect((await registry.discover()).map((instance) => instance.id)).toEqual([ownId]);
      expect(await registry.get(id)).toBeUndefined();
      expect(await registry.pick({ name: 'newer' })).toBeUndefined();
      const { removed, illegible } = await registry.reap();
      expect({ removed, illegible: illegible.map((sighting) => sighting.id) }).toEqual({
        removed: [],
        illegible: [id],
      });
      const listed = JSON.parse((await cliHere(directory, ['list', '--all', '--json'])).out);
      expect(listed).toContainEqual(expect.objectContaining({ id, verdict: 'illegible', reason }));
      expect((await cliHere(directory, ['list'])).out).not.toContain(id);
      await cliHere(directory, ['prune']);
      // Sweeps of whoever stays around, over many times the retention.
      for (let sweep = 0; sweep < 4; sweep++) await clock.advance(40_000);
      expect(watcher.instances.map((instance) => instance.id)).toEqual([ownId]);
      expect(readFileSync(path(id), 'utf8')).toBe(text);
      unlinkSync(path(id));
    }),
    { numRuns: times({ full: 300, quick: 8 }) },
  );
});

prove('G13', 'a newer version that took over the id is not overwritten or removed by the owner', async () => {
  const { clock, errors, registry, path } = realRegistry();
  await fc.assert(
    fc.asyncProperty(newerEntries, fc.boolean(), async ({ format, rest }, isUpdatedFirst) => {
      const registration = await registry.register({ name: 'old', endpoints });
      const { id } = registration;
      const text = JSON.stringify({ ...registration.instance, ...rest, format });
      writeFileSync(path(id), text, { mode: 0o600 });
      const lost = { code: 'ROLLCALL_LOST', details: { id } };
      if (isUpdatedFirst) await expect(registration.update({ title: 'x' })).rejects.toMatchObject(lost);
      await clock.advance(1_500);
      await eventually('the heartbeat has told of it', () => errors.length > 0);
      expect(errors.splice(0)).toMatchObject([lost]);
      await clock.advance(10_000);
      expect(await registration.deregister()).toBe(false);
      expect(readFileSync(path(id), 'utf8')).toBe(text);
      unlinkSync(path(id));
    }),
    { numRuns: times({ full: 500, quick: 15 }) },
  );
});

prove('G13', 'deregistering alone leaves a newer version that took over the id', async () => {
  const { registry, path } = realRegistry();
  const registration = await registry.register({ name: 'old', endpoints });
  writeFileSync(path(registration.id), '{"format":2}');
  expect(await registration.deregister()).toBe(false);
  expect(readFileSync(path(registration.id), 'utf8')).toBe('{"format":2}');
});

for (const ending of ['exit', 'end', 'SIGTERM', 'SIGINT', 'throw'] as const) {
  prove('G13', `the last act (${ending}) leaves a newer version that took over the id`, async () => {
    const directory = tempFolder();
    const server = await startServer(directory);
    const path = join(directory, 'v1', `${server.id}.json`);
    const text = JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), format: 2 });
    writeFileSync(path, text);
    if (ending.startsWith('SIG')) server.child.kill(ending as NodeJS.Signals);
    else server.say(ending);
    await server.ended;
    expect(readFileSync(path, 'utf8')).toBe(text);
    expect(statSync(path).isFile()).toBe(true);
    // And without the newer version it would have been taken away: the act is there.
    const other = await startServer(directory);
    if (ending.startsWith('SIG')) other.child.kill(ending as NodeJS.Signals);
    else other.say(ending);
    await other.ended;
    expect(existsSync(join(directory, 'v1', `${other.id}.json`))).toBe(false);
  });
}
