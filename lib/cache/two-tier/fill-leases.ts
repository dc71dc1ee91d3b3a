import type { CacheCounters, CacheEvents } from '../../event/index.js';
import type { Clock, Milliseconds } from '../../time/index.js';
import type { FillLeaseReply, RemoteTier } from '../remote/remote-cache.js';
import type { SharedLoad } from './shared-load.js';

/** What {@link FillLeases} are made of. */
export interface FillLeasesOptions {
  readonly remote: RemoteTier;
  readonly clock: Clock;
  readonly events: CacheEvents;
  readonly counters: CacheCounters;
  /** Deadline of one remote step. */
  readonly timeoutMs: Milliseconds;
  /** The most one call waits for the remote tier. */
  readonly deadlineMs: Milliseconds;
}

const FIRST_POLL_MS = 2;
const LONGEST_POLL_MS = 50;

/** The most fill leases that are remembered to be given back later. */
const MAXIMUM_OWED = 1_000;

/** The rights of one cache to fill L2: taken before a loader begins, given back when it was of no use. */
export class FillLeases {
  readonly #options: FillLeasesOptions;
  /** Those that could not be given back yet, each with its key. */
  readonly #owed = new Map<string, string>();
  #isStopped = false;

  constructor(options: FillLeasesOptions) {
    this.#options = options;
  }

  /**
   * Asks for the lease of `key`. While another instance holds it, asks again, for as long as a call may wait; never for a load that waits for
   * this one.
   *
   * @param isUnreadable - whether the entry that is there cannot be read, and is to be dropped.
   * @returns the lease, or what L2 holds after all; `busy`: another instance is loading, for longer than a call may wait.
   * @throws {RemoteCacheError} when Redis does not answer.
   */
  async take(key: string, load: SharedLoad, isUnreadable: boolean, begunAt: Milliseconds): Promise<FillLeaseReply> {
    const { remote, clock, counters, deadlineMs, timeoutMs } = this.#options;
    const lastStep = begunAt + deadlineMs - 2 * timeoutMs; // One step may start then, and the fill comes after the load.
    let replaces = isUnreadable; // Only at first: what is there later was written by somebody else.
    for (let pause = FIRST_POLL_MS; ; pause = Math.min(1.5 * pause, LONGEST_POLL_MS)) {
      const waitMs = Math.max(0, lastStep + timeoutMs - clock.now());
      let permit = await remote.acquire(key, replaces, waitMs);
      replaces = false;
      if (permit.kind === 'unreadable') {
        counters.remoteFailures += 1;
        permit = await remote.acquire(key, true, waitMs);
      }
      if (permit.kind !== 'busy' || this.#isStopped || clock.now() + pause > lastStep) return permit;
      if (!(await load.waitForLease(() => new Promise((resolve) => setTimeout(resolve, pause))))) return permit;
    }
  }

  /** Returns an unused lease: at once or, if that fails, when the remote tier is back. After that it ends by itself. */
  giveBack(key: string, token: string, isRepeated = false): void {
    const { remote, events } = this.#options;
    const mayBeOwed = !isRepeated && !this.#isStopped && this.#owed.size < MAXIMUM_OWED;
    if (!remote.acceptsSteps) {
      if (mayBeOwed) this.#owed.set(token, key);
      return;
    }
    remote.release(key, token).catch((error: unknown) => {
      if (mayBeOwed) this.#owed.set(token, key);
      events.emit('error', { where: 'release of a fill lease', error });
    });
  }

  /** The remote tier is known to be back. */
  giveBackOwed(): void {
    for (const [token, key] of this.#owed) {
      this.#owed.delete(token);
      this.giveBack(key, token, true);
    }
  }

  /** Waits for nobody from now on. */
  stop(): void {
    this.#isStopped = true;
  }
}
