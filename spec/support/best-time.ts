/** The least time, in milliseconds, that `action` took in a few attempts: what it costs, however busy the machine is. */
export function bestTimeMs(action: () => unknown, attempts = 25): number {
  let best = Infinity;
  for (let i = 0; i < attempts; i += 1) {
    const begun = performance.now();
    action();
    best = Math.min(best, performance.now() - begun);
  }
  return best;
}
