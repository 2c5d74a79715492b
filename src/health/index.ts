/** The public surface of "rollcall/health". Every export added here is public API: test/pins.test.ts lists them. */

/// <reference lib="esnext.disposable" preserve="true" />

export type { CheckFunction, Finding, Level, Placing } from './check.js';
export type { MonitorEvents } from './events.js';
export type { Checkup, Health, HealthSource, HealthStatus, Outcome, Report, Suspension } from './health.js';
export type { HttpCheck } from './http-check.js';
export type { CheckName, CheckRequest, PlainCheck } from './known-checks.js';
export type { LoadCheck } from './load-check.js';
export { HealthMonitor } from './monitor.js';
export type { MonitorOptions } from './options.js';
export type { Healer, HealerOptions } from './recovery.js';
export { type RestartOptions, restart } from './restart.js';
export type { Transition } from './transition.js';
export type { Limits } from './wishes.js';
