/** How severe a log message is: the levels of syslog (RFC 5424), as MCP names them. */

const levels = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'] as const;

/** `none`: nothing is wanted. */
export type Level = (typeof levels)[number] | 'none';

/** Whether a message of this level is to be told where the least is that; where none is said, all are. */
export function isWanted(level: unknown, least: Level | undefined): boolean {
  if (least === undefined) return true;
  if (least === 'none') return false;
  return levels.indexOf(level as (typeof levels)[number]) >= levels.indexOf(least);
}
