import { RemoteCacheError } from '../../errors/index.js';
import type { Milliseconds } from '../../time/index.js';
import type { LoadOptions } from '../cache.js';
import type { LocalTier } from '../local/local-tier.js';
import { ANY_TAG } from '../tag/tag-clock.js';
import { Tagged } from '../tag/tagged.js';
import { keptMs } from '../value/envelope.js';
import type { CacheParts } from './cache-parts.js';
import type { EntryLife } from './entry-life.js';
import type { LoadCall } from './load-call.js';
import type { SharedLoad } from './shared-load.js';

/** What {@link Fills} need. */
export interface FillsOptions extends CacheParts {
  readonly life: EntryLife;
}

/** What becomes of loaded values: they are handed out, tagged, and stored in L2 and then in L1. */
export class Fills {
  readonly #options: FillsOptions;
  readonly #local: LocalTier<SharedLoad>;

  constructor(options: FillsOptions) {
    this.#options = options;
    this.#local = options.local;
  }

  /** Makes a loaded value fit for several readers. Returns whether that was possible. */
  mayHandOut<V>(value: V, options: LoadOptions<V>): boolean {
    try {
      this.#options.sharing.handOut(value);
      return true;
    } catch (error) {
      options.onError?.('put', error, value);
      return false;
    }
  }

  /**
   * The tags of a loaded value, in a cache with tags, for those who joined and for the tiers. Nobody asks for
   * the tags of a value that is not stored: it counts as if it carried any.
   *
   * @param since - the number of the last eviction when the fill lease was granted. Default: it was not.
   */
  tag<V>({ load, options, tagsAt }: LoadCall<V>, value: V, since: number | undefined, isVetoed: boolean): Tagged | undefined {
    if (tagsAt === undefined) return undefined;
    const { clock, begun } = tagsAt;
    const tags = isVetoed ? undefined : this.#options.tagging.ofLoaded(value, options.tags);
    return (load.tagged = new Tagged(tags ?? ANY_TAG, since, clock, begun));
  }

  /** Stores a loaded value if that is allowed. Returns whether the fill lease is used up. */
  async store<V>(call: LoadCall<V>, token: string | undefined, value: V, tagged: Tagged | undefined): Promise<boolean> {
    const { key, ticket, options, freshness } = call;
    const { life, counters, clock, pending, remote, timeoutMs, hasRemote } = this.#options;
    const isDoubtful = (): boolean => pending.isDoubtful(key) || (tagged !== undefined && pending.hasDoubtful(tagged.tags));
    try {
      const ofValue = life.ofLoaded(value, options.ttl, freshness && (freshness.stale?.forMs ?? 0));
      if (ofValue === undefined) return false;
      life.refuseNull(value);
      const keep = (writtenAt: Milliseconds, bytes?: number): void => {
        const endsAt = writtenAt + ofValue.ttlMs;
        const times = this.#options.freshness.timesOf({ writtenAt, endsAt, staleMs: ofValue.staleMs }, freshness);
        if (!isDoubtful()) this.#local.keep(key, ticket, { value, endsAt, tagged, times, bytes });
      };
      if (!hasRemote) {
        keep(clock.now());
        return (call.isStored = true);
      }
      if (token === undefined) return true;
      if (!this.#local.isValid(ticket) || isDoubtful() || tagged?.isOvertaken === true) {
        counters.refusedFills += 1;
        return false;
      }
      const raw = remote.encode(value, ofValue, tagged?.tags);
      // The life in L2 begins later than now, so the entry in L1 cannot outlive the one in L2.
      const now = clock.now();
      if (await remote.fill({ key, token, raw, ttlMs: keptMs(ofValue), isOneOfMany: call.batched !== undefined }, timeoutMs)) {
        counters.fills += 1;
        keep(now, Buffer.byteLength(raw));
        return (call.isStored = true);
      }
      counters.refusedFills += 1;
      this.#tellOfSlowness(call);
      return true;
    } catch (error) {
      if (error instanceof RemoteCacheError) counters.remoteFailures += 1;
      options.onError?.('put', error, value);
      return false;
    }
  }

  /** A load may fill L2 for as long as its lease holds. */
  #tellOfSlowness<V>({ key, begunAt }: LoadCall<V>): void {
    const { clock, fillLeaseMs, events, cache } = this.#options;
    const tookMs = clock.now() - begunAt;
    if (tookMs >= fillLeaseMs) events.emit('loadTooSlow', { cache, key, tookMs: Math.round(tookMs) });
  }
}
