// Runs jobs side by side. Most specs wait: for servers to start, for leases to end. So there are more lanes than
// processors. Jobs that work a processor the whole time have lanes of their own: all processors but one.

/**
 * @typedef {object} Job
 * @property {boolean} [isBusy] - whether it works a processor the whole time.
 * @property {() => Promise<void>} run - tells by itself what went wrong, and does not reject.
 */

/**
 * Resolves once every job has ended; each kind begins in the order given. A lane that has none of its kind left takes one of the other.
 *
 * @param {readonly Job[]} jobs
 * @param {number} processors
 * @param {() => boolean} isOver - whether no further job may begin.
 */
export async function runInLanes(jobs, processors, isOver = () => false) {
  const busy = jobs.filter(({ isBusy }) => isBusy === true);
  const waiting = jobs.filter(({ isBusy }) => isBusy !== true);
  const lane = async (own, other) => {
    for (;;) {
      const job = isOver() ? undefined : (own.shift() ?? other.shift());
      if (job === undefined) return;
      await job.run();
    }
  };
  await Promise.all([
    ...Array.from({ length: Math.max(1, processors - 1) }, () => lane(busy, waiting)),
    ...Array.from({ length: processors + 1 }, () => lane(waiting, busy)),
  ]);
}
