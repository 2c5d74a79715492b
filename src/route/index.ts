/** The public surface of "rollcall/route". Every export added here is public API: test/pins.test.ts lists them. */

/// <reference lib="esnext.disposable" preserve="true" />

export type { Attempt, LeftOut } from '../core/errors.js';
export type { Staleness } from '../registry/watcher.js';
export type { AttemptContext } from './call.js';
export { isRefused } from './dispatch.js';
export type { HealthWeights, RouteStrategy } from './health-weighted.js';
export type { CallOptions, RouteOptions, RouteRequest, RouterOptions, ToolOptions, ToolProgress } from './options.js';
export type { RouterEvents } from './outlook.js';
export { createRouter, type Router } from './router.js';
export type { Rule, Rules } from './rules.js';
