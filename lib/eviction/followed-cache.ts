import type { CoherentCache } from '../cache/index.js';
import type { CacheEvents } from '../event/index.js';
import type { Milliseconds } from '../time/index.js';
import type { CacheState } from './cache-state.js';
import type { BeatenCache } from './heartbeat.js';

/** What a {@link FollowedCache} tells others. */
export interface FollowedCacheOptions {
  readonly events: CacheEvents;
  /** Told when the cache can no longer be served, and when it can again. */
  readonly tellBypass: (cache: string, active: boolean) => void;
}

/** What an echo proves if a reply names its generation. */
interface UnprovenEcho {
  readonly beat: number;
  readonly state: CacheState;
  readonly until: Milliseconds;
}

/**
 * One cache under a {@link ReadLease}: how far it has followed the messages, and which rumour about it is
 * open.
 */
export class FollowedCache {
  readonly cache: CoherentCache;
  /** The number of the last message applied. `undefined`: it is not known. */
  applied: number | undefined;
  /** What the last reply named. */
  named: CacheState | undefined;
  readonly #options: FollowedCacheOptions;
  /**
   * Echoes of beats before this one prove nothing: the topic was not subscribed yet when they ran.
   * `Infinity`: it is not subscribed now.
   */
  #provenFrom = Number.POSITIVE_INFINITY;
  /** What the last echo named that proved something. */
  #confirmed: CacheState | undefined;
  #isReturning = false;
  /** What the `bypass` event said last. */
  #isBypassed = false;
  #rumour: string | undefined;
  #rumouredAt = 0;
  /** The last echo that came before a reply had named its generation. */
  #unproven: UnprovenEcho | undefined;

  constructor(cache: CoherentCache, options: FollowedCacheOptions) {
    this.cache = cache;
    this.#options = options;
    this.endLease();
  }

  get name(): string {
    return this.cache.name;
  }

  /** What a beat says of it. */
  get beaten(): BeatenCache {
    const { name, named } = this;
    const generation = this.cache.generation.current;
    return { name, generation, state: named?.gen === generation ? named?.text : undefined };
  }

  /** Whether a message or an echo named a generation that no reply has named yet. */
  get isRumoured(): boolean {
    return this.#rumour !== undefined;
  }

  /** The reply to a beat after this one settles the rumour, whether it is true or not. */
  get rumouredAt(): number {
    return this.#rumouredAt;
  }

  /** Whether neither a reply nor a rumour has named this generation. */
  isNews(gen: string): boolean {
    return gen !== this.cache.generation.current && gen !== this.#rumour;
  }

  /** Whether the topic was subscribed when this beat ran. */
  heardAll(beat: number): boolean {
    return beat >= this.#provenFrom;
  }

  /** Whether the topic is subscribed, but no echo has come since. */
  get isReturning(): boolean {
    return this.#isReturning;
  }

  /** What the last echo named that proved something. */
  get confirmed(): CacheState | undefined {
    return this.#confirmed;
  }

  /** The topic is subscribed inside the process, where nothing is lost from now on. */
  serveForGood(): void {
    this.applied = undefined;
    this.cache.missed('coherence');
    this.cache.holdLeaseUntil(Number.POSITIVE_INFINITY);
  }

  /** The topic is subscribed. @param firstBeat - the first beat that will run after that. */
  subscribed(firstBeat: number): void {
    this.#unproven = undefined;
    this.#provenFrom = firstBeat;
    this.#isReturning = true;
  }

  /**
   * The first echo since the subscription has come.
   *
   * @param isUnchanged - whether nothing was evicted since the last echo before. If so, the local
   *   tier survives.
   */
  returned({ seq }: CacheState, isUnchanged: boolean): void {
    this.#isReturning = false;
    this.applied = seq;
    if (!isUnchanged) this.cache.missed('coherence');
  }

  /** The subscription is gone. */
  lost(): void {
    this.#provenFrom = Number.POSITIVE_INFINITY;
    this.#unproven = undefined;
    this.endLease();
    this.tellBypass(true);
  }

  endLease(): void {
    this.cache.holdLeaseUntil(Number.NEGATIVE_INFINITY);
  }

  /** An echo has named this state: the cache may be served until then. */
  prove(state: CacheState, until: Milliseconds): void {
    this.#confirmed = state;
    this.cache.holdLeaseUntil(until);
    this.tellBypass(false);
  }

  /** Keeps what an echo proves until a reply names its generation. */
  keepUnproven(echo: UnprovenEcho): void {
    this.#unproven = echo;
  }

  /**
   * The reply to `beat` was applied. Returns the kept echo if it proves the cache now.
   */
  proofBy(beat: number): UnprovenEcho | undefined {
    const unproven = this.#unproven;
    if (unproven === undefined || beat < unproven.beat) return undefined;
    this.#unproven = undefined;
    return unproven.state.gen === this.cache.generation.current ? unproven : undefined;
  }

  /** A message or an echo named `gen`. @param since - the latest beat that was sent before that. */
  hearRumour(gen: string, since: number, cause: 'remote' | 'coherence'): void {
    this.#rumouredAt = this.#rumour === undefined ? since : Math.max(since, this.#rumouredAt);
    this.#rumour = gen;
    this.cache.generation.doubt(gen, cause);
  }

  /** A reply told the truth about the rumour. Returns whether the rumour was made up. */
  settleRumour(): boolean {
    // A rumour of an older generation is no forgery: a clear has overtaken the message.
    const isForged = Number(this.#rumour) > Number(this.cache.generation.current);
    this.#rumour = undefined;
    this.cache.generation.trust();
    return isForged;
  }

  /**
   * Messages were missed. Empties the local tier; `seq` is the number of the last message that this covers.
   *
   * @param received - the first number that was not missed.
   */
  skipTo(seq: number, received: number): void {
    const { applied } = this;
    this.applied = seq;
    this.cache.missed(applied === undefined ? 'coherence' : 'gap');
    if (applied !== undefined) this.#options.events.emit('gap', { cache: this.name, expected: applied + 1, received });
  }

  /** Tells changes only. */
  tellBypass(active: boolean): void {
    if (this.#isBypassed === active) return;
    this.#isBypassed = active;
    this.#options.tellBypass(this.name, active);
  }
}
