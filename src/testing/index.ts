/** The public surface of "rollcall/testing". Every export added here is public API: test/pins.test.ts lists them. */

/// <reference lib="esnext.disposable" preserve="true" />

export { MemoryStore } from '../store/memory-store.js';
export { type Cluster, type ClusterOptions, createCluster } from './cluster.js';
export type { StoreArea } from './compliance/area.js';
export type { OptionalMethod } from './compliance/optional.js';
export { type RunnerTest, type StoreTestOptions, testStore } from './compliance/suite.js';
export { FakeClock, settle } from './fake-clock.js';
export { FakeProbe } from './fake-probe.js';
export { type Act, FaultyStore, failing, type Gate, gate, type StoreMethod } from './faulty-store.js';
export type { Which } from './roster.js';
export type { Place } from './simulated-machine.js';
export type { SimulatedInstance, SimulatedState } from './simulated-process.js';
export { withTempRegistry } from './temp-registry.js';
