// The child's end of a Program: does as it is told, one act a message, and ends with its parent.
export function answer(acts) {
  process.on('message', async ({ id, act, input }) => {
    try {
      process.send({ id, reply: await acts[act](input) });
    } catch (error) {
      process.send({ id, error: String(error?.stack ?? error) });
    }
  });
  process.on('disconnect', () => process.exit());
}

/** Tells the parent what it did not ask for. */
export const tell = (event) => process.connected && process.send({ event });

/** One clock for all processes: that of the system, which counts since it was started. */
export const instant = () => process.hrtime.bigint().toString();
