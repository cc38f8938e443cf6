import { setImmediate } from 'node:timers/promises';

/** How long one piece of work may keep everybody else waiting. */
const SLICE_MS = 10;

/**
 * Cuts long work on many small things into slices: after each thing `await pace()`, and other
 * requests get their turn whenever a slice has lasted its time.
 */
export function createPace(): () => Promise<void> | undefined {
  let since = performance.now();
  return () => {
    if (performance.now() - since < SLICE_MS) return undefined;
    return setImmediate().then(() => {
      since = performance.now();
    });
  };
}
