import type { CoherentCache } from '../cache/index.js';
import type { CacheEvents } from '../event/index.js';
import type { Milliseconds } from '../time/index.js';
import type { CacheState } from './cache-state.js';
import type { BeatenCache } from './heartbeat.js';
import type { Moment, SleepWatch } from './sleep-watch.js';

/** What a {@link FollowedCache} tells others. */
export interface FollowedCacheOptions {
  readonly events: CacheEvents;
  /** Told when the cache can no longer be served, and when it can again. */
  readonly tellBypass: (cache: string, active: boolean) => void;
}

/** What an echo or a reply named. */
interface NamedState {
  readonly beat: number;
  readonly state: CacheState;
}

/** What an echo proves: all evictions that were executed before its heartbeat was sent have been applied. */
export interface Proof {
  /** When the heartbeat was sent. */
  readonly sent: Moment;
  /** Until when the cache may be served for it. */
  readonly until: Milliseconds;
}

/** What an echo proves if a reply names its generation. */
interface UnprovenEcho {
  readonly beat: number;
  readonly gen: string;
  readonly proof: Proof;
}

/**
 * One cache under a {@link ReadLease}: how far it has followed the messages, and which rumour about it is
 * open.
 */
export class FollowedCache {
  readonly cache: CoherentCache;
  /** The number of the last message applied, and its generation. `undefined`: not known. */
  #applied: Pick<CacheState, 'seq' | 'gen'> | undefined;
  readonly #options: FollowedCacheOptions;
  /**
   * Echoes of beats before this one prove nothing: the topic was not subscribed yet when they ran.
   * `Infinity`: it is not subscribed now.
   */
  #provenFrom = Number.POSITIVE_INFINITY;
  /** What the last reply and the last echo named, and of which beat they are. */
  #replied: NamedState | undefined;
  #echoed: NamedState | undefined;
  #confirmed: CacheState | undefined;
  #isReturning = false;
  /** What the `bypass` event said last. */
  #isBypassed = false;
  #rumour: string | undefined;
  #rumouredAt = 0;
  /** The last echo that came before a reply had named its generation. */
  #unproven: UnprovenEcho | undefined;
  /** When the newest heartbeat was sent that has proven the cache. `undefined`: none has. */
  #proven: Moment | 'for good' | undefined;

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
    const state = this.#replied?.state;
    const generation = this.cache.generation.current;
    const { hasTags } = this.cache;
    return { name: this.name, generation, state: state?.gen === generation ? state : undefined, hasTags };
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

  /** The number of the last message applied. `undefined`: not known. */
  get applied(): number | undefined {
    return this.#applied?.seq;
  }

  /** A message was applied, or is covered. */
  advance(seq: number, gen: string): void {
    this.#applied = { seq, gen };
  }

  /**
   * What the last echo named that the reply to the same beat named, too. Others may make up an echo, but no
   * reply.
   */
  get confirmed(): CacheState | undefined {
    return this.#confirmed;
  }

  /** The reply to `beat` named this. */
  replied(beat: number, state: CacheState): void {
    this.#replied = { beat, state };
    this.#confirm();
  }

  /** The echo of `beat` named this. */
  echoed(beat: number, state: CacheState): void {
    this.#echoed = { beat, state };
    this.#confirm();
  }

  #confirm(): void {
    const [reply, echo] = [this.#replied, this.#echoed];
    if (reply !== undefined && reply.beat === echo?.beat && reply.state.text === echo.state.text) this.#confirmed = echo.state;
  }

  /** The topic is subscribed inside the process, where nothing is lost from now on. */
  serveForGood(): void {
    this.#applied = undefined;
    this.cache.missed('coherence');
    this.#proven = 'for good';
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
  returned({ seq, gen }: CacheState, isUnchanged: boolean): void {
    this.#isReturning = false;
    this.advance(seq, gen);
    if (!isUnchanged) this.cache.missed('coherence');
  }

  /** The subscription is gone. @param at - now. */
  lost(at: Moment): void {
    if (this.#proven === 'for good') this.#proven = at;
    this.#provenFrom = Number.POSITIVE_INFINITY;
    this.#unproven = undefined;
    this.endLease();
    this.tellBypass(true);
  }

  endLease(): void {
    this.cache.holdLeaseUntil(Number.NEGATIVE_INFINITY);
  }

  /** An echo proves the cache. An older proof than the last one does not replace it. */
  prove({ sent, until }: Proof): void {
    if (this.#proven === undefined || (this.#proven !== 'for good' && sent.at > this.#proven.at)) this.#proven = sent;
    if (this.#applied !== undefined) this.cache.heard(this.#applied.seq);
    this.cache.holdLeaseUntil(until);
    this.tellBypass(false);
  }

  /**
   * How long ago the newest heartbeat was sent that has proven the cache. It grows on when the lease has
   * ended: what was proven stays true. `0`: the cache is subscribed inside the process, where every eviction
   * is applied before it returns. `undefined`: nothing has proven it yet.
   */
  provenMs(sleep: SleepWatch): Milliseconds | undefined {
    if (this.#proven === 'for good') return 0;
    return this.#proven && sleep.since(this.#proven);
  }

  /** Keeps what an echo proves until a reply names its generation. */
  keepUnproven(echo: UnprovenEcho): void {
    this.#unproven = echo;
  }

  /**
   * The reply to `beat` was applied. Returns what a kept echo proves; `undefined`: it proves nothing.
   */
  proofBy(beat: number): Proof | undefined {
    const unproven = this.#unproven;
    if (unproven === undefined || beat < unproven.beat) return undefined;
    this.#unproven = undefined;
    return unproven.gen === this.cache.generation.current ? unproven.proof : undefined;
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
   * Numbers of different generations say nothing about each other: their difference is no gap.
   *
   * @param received - the first number that was not missed.
   */
  skipTo({ seq, gen }: Pick<CacheState, 'seq' | 'gen'>, received: number): void {
    const before = this.#applied;
    this.advance(seq, gen);
    if (before?.gen !== gen) return this.cache.missed('coherence');
    this.cache.missed('gap');
    this.#options.events.emit('gap', { cache: this.name, expected: before.seq + 1, received });
  }

  /** Tells changes only. */
  tellBypass(active: boolean): void {
    if (this.#isBypassed === active) return;
    this.#isBypassed = active;
    this.#options.tellBypass(this.name, active);
  }
}
