// @ts-check
/** What rollcall does, as spans of OpenTelemetry: each discovery, each attempt of a router; verdicts and health as events. */

import assert from 'node:assert/strict';
import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { Registry } from 'rollcall';
import { HealthMonitor } from 'rollcall/health';
import { createRouter } from 'rollcall/route';
import { start, useRegistry } from './support.js';

// In place of an exporter that sends them somewhere.
const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const tracer = provider.getTracer('rollcall');
const life = tracer.startSpan('program');

/**
 * What took its time: a span that has ended. It is told in the context of who asked, so it becomes a child of what is
 * active there, if the program has a context manager.
 *
 * @param {string} name @param {any} message @param {Record<string, string | number | undefined>} attributes
 */
function span(name, { at, took, query, reason }, attributes) {
  const all = { 'rollcall.query': JSON.stringify(query), ...attributes };
  const ended = tracer.startSpan(name, { kind: SpanKind.CLIENT, startTime: at - took, attributes: all });
  if (reason !== undefined) ended.setStatus({ code: SpanStatusCode.ERROR, message: reason });
  ended.end(at);
}
subscribe('rollcall:discover', (message) => {
  const { method, found, picked } = /** @type {any} */ (message);
  span(`rollcall.${method}`, message, { 'rollcall.found': found, 'rollcall.picked': picked });
});
subscribe('rollcall:route', (message) => {
  const { id, name, attempt } = /** @type {any} */ (message);
  span('rollcall.route', message, { 'rollcall.id': id, 'rollcall.name': name, 'rollcall.attempt': attempt });
});

// What merely happened: an event on the span that is active, or on the program's.
for (const channel of ['rollcall:verdict', 'rollcall:health', 'rollcall:reap']) {
  subscribe(channel, (message) => {
    const { at, query: _, ...attributes } = /** @type {any} */ (message);
    (trace.getActiveSpan() ?? life).addEvent(channel, attributes, at);
  });
}

// From here on nobody thinks of spans.
const began = Date.now();
const registry = new Registry({ directory: useRegistry() });
await registry.discover({ name: 'weather' });
const weather = start('mcp-server.js', ['weather']);
const { id } = await registry.waitFor({ name: 'weather' }, { timeout: 10_000 });
const monitor = new HealthMonitor(registry, { query: { name: 'weather' } });
await monitor.round();
await monitor.close();
const router = createRouter(registry);
await router.use({ name: 'weather' }, (instance) => instance.id);
await router.close();
const gone = once(weather, 'exit');
weather.kill('SIGKILL');
await gone;
await registry.pick({ name: 'weather' });
await registry.reap();
await registry.close();
life.end();
const ended = Date.now();

const spans = exporter.getFinishedSpans();
/** @param {string} name */
const named = (name) => spans.filter((each) => each.name === name);
const ms = (/** @type {readonly [number, number]} */ [seconds, nanoseconds]) => seconds * 1_000 + nanoseconds / 1e6;

const [first] = named('rollcall.discover');
assert.deepEqual(first?.attributes, { 'rollcall.query': '{"name":"weather"}', 'rollcall.found': 0 });
// Before the server was there, when it had come, and after it was killed.
const picks = named('rollcall.pick').map(({ attributes }) => attributes['rollcall.picked']);
assert.deepEqual([picks[0], picks.at(-2), picks.at(-1)], [undefined, id, undefined]);
for (const { name, startTime, endTime } of spans.filter(({ kind }) => kind === SpanKind.CLIENT)) {
  assert.ok(ms(startTime) <= ms(endTime) && ms(endTime) <= ended + 1, name);
  assert.ok(ms(startTime) >= began - 1, name);
}
const [call, ...more] = named('rollcall.route');
const expected = { 'rollcall.query': '{"name":"weather"}', 'rollcall.id': id, 'rollcall.name': 'weather' };
assert.deepEqual([call?.attributes, more], [{ ...expected, 'rollcall.attempt': 1 }, []]);
const [program] = named('program');
const events = program?.events.filter(({ attributes }) => attributes?.id === id) ?? [];
assert.deepEqual(
  events
    .filter(({ attributes }) => attributes?.by !== 'watcher')
    .map((event) => [event.name, event.attributes?.verdict ?? event.attributes?.to]),
  [
    ['rollcall:verdict', 'alive'],
    ['rollcall:health', 'passing'],
    ['rollcall:verdict', 'dead'],
    ['rollcall:verdict', 'dead'], // of the reaper, which has its own eyes
    ['rollcall:reap', 'dead'],
  ],
);
console.log(`${spans.length} spans, ${program?.events.length} events`);
