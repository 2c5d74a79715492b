/** How a hub serves, where nothing else is said. */

/** Those of the instances too, only the hub's own, or those of the instances up to 40. */
export const exposures = ['direct', 'meta', 'auto'] as const;

export type Exposure = (typeof exposures)[number];

/** For a call without a sign of progress, in ms. Hosts give up sooner, as they see fit. */
export const callTimeout = 300_000;

/** The kind of a hub's own entry: no hub stands in front of another, or of itself. */
export const hubKind = 'mcp-hub';
