import { type Milliseconds, pause, timersOf } from '../../time/index.js';
import type { RemoteEntry } from '../remote/entry-codec.js';
import type { HeldLease, LeaseRequest } from '../remote/eviction-log.js';
import type { FillLeaseReply, Useless } from '../remote/remote-cache.js';
import type { CacheParts } from './cache-parts.js';
import type { SharedLoad } from './shared-load.js';

const FIRST_POLL_MS = 2;
const LONGEST_POLL_MS = 50;

/** The largest number of fill leases that are remembered, to be given back later. */
const MAXIMUM_OWED = 1_000;

/**
 * The fill leases of one cache, each the right to fill L2. A load takes the lease before its loader begins,
 * and gives it back if it was not used.
 */
export class FillLeases {
  readonly #options: CacheParts;
  /** Leases that could not be given back yet. Those that were granted in one step have one token. */
  readonly #owed = new Set<HeldLease>();
  #isStopped = false;

  constructor(options: CacheParts) {
    this.#options = options;
  }

  /**
   * Asks for the lease of `key`. While another instance holds the lease, asks again, for as long as a call
   * may wait. Does not wait for a load that waits for this one.
   *
   * @param wish - what is to become of an entry that L2 holds.
   * @returns the lease, or the entry that L2 holds by now. `busy`: another instance is loading, and takes
   *   longer than a call may wait.
   * @throws {RemoteCacheError} when Redis does not answer.
   */
  async take(load: SharedLoad, wish: LeaseRequest, begunAt: Milliseconds): Promise<FillLeaseReply> {
    const { remote, clock, counters, deadlineMs, timeoutMs } = this.#options;
    // At that time one last step can still start, and there is time left for the fill after the load.
    const lastStep = begunAt + deadlineMs - 2 * timeoutMs;
    const { key, isOneOfMany } = wish;
    let request = wish;
    let old: RemoteEntry | undefined;
    for (let pauseMs = FIRST_POLL_MS; ; pauseMs = Math.min(1.5 * pauseMs, LONGEST_POLL_MS)) {
      const waitMs = Math.max(0, lastStep + timeoutMs - clock.now());
      let permit = await remote.acquire(request, waitMs, lastStep);
      if (isUseless(permit)) {
        if (permit.kind !== 'otherVersion') counters[permit.kind === 'overtaken' ? 'overtaken' : 'remoteFailures'] += 1;
        if (clock.now() > lastStep + timeoutMs) return { kind: 'busy' };
        // What is of another version is of use to others.
        permit = await remote.acquire(
          permit.kind === 'otherVersion' ? { key, isOneOfMany, youngerThanMs: 0 } : { key, isOneOfMany, drops: true },
          waitMs,
        );
      }
      if (permit.kind === 'busy' || permit.kind === 'granted') {
        old ??= permit.old;
        if (old !== undefined) permit = { ...permit, old };
      }
      // An entry that is found later was written by another instance, and an old one need not be sent again.
      request = { key, isOneOfMany, wantsOld: wish.wantsOld === true && old === undefined };
      if (permit.kind !== 'busy' || this.#isStopped || clock.now() + pauseMs > lastStep) return permit;
      load.batched?.leaves();
      if (!(await load.waitForLease(() => pause(timersOf(clock), pauseMs)))) return permit;
    }
  }

  /**
   * Gives back an unused lease: at once, or, if that fails, once more when the remote tier is back. If that
   * fails too, the lease ends by itself.
   */
  giveBack(lease: HeldLease, isRepeated = false): void {
    const { remote, events } = this.#options;
    const mayBeOwed = !isRepeated && !this.#isStopped && this.#owed.size < MAXIMUM_OWED;
    if (!remote.acceptsSteps) {
      if (mayBeOwed) this.#owed.add(lease);
      return;
    }
    remote.release(lease).catch((error: unknown) => {
      if (mayBeOwed) this.#owed.add(lease);
      events.emit('error', { where: 'release of a fill lease', error });
    });
  }

  /** The remote tier is back: gives back the leases that could not be given back before. */
  giveBackOwed(): void {
    for (const lease of this.#owed) {
      this.#owed.delete(lease);
      this.giveBack(lease, true);
    }
  }

  /** From now on, no longer waits for leases of other instances. */
  stop(): void {
    this.#isStopped = true;
  }
}

/** Whether what is stored cannot be used. */
const isUseless = (reply: FillLeaseReply): reply is Useless =>
  reply.kind === 'unreadable' || reply.kind === 'overtaken' || reply.kind === 'otherVersion';
