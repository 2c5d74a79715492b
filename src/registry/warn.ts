/** Where errors of background work go if nobody takes them: a warning of the process. */

export function warn(error: unknown): void {
  const { code, message } = error as { code?: string; message?: string };
  process.emitWarning(message ?? String(error), { type: 'RollcallWarning', ...(code !== undefined && { code }) });
}
