import { randomInt } from 'node:crypto';
import type { CoherentCache } from '../cache/index.js';
import { RemoteCacheError } from '../errors/index.js';
import type { CacheEvents } from '../event/index.js';
import type { Clock, Milliseconds } from '../time/index.js';
import type { CacheState, Heartbeat } from './heartbeat.js';
import { echoHead } from './inbox-message.js';

/** One cache under a {@link ReadLease}: how far it has followed the messages. */
interface Followed {
  readonly cache: CoherentCache;
  /** The number of the last message applied; `undefined` from a (re)subscription until the next echo or message. */
  applied: number | undefined;
  /** Echoes of beats before this one prove nothing: the topic was not subscribed yet when they ran. `Infinity`: it is not now. */
  provenFrom: number;
  /** As last told by the `bypass` event. */
  bypassed: boolean;
  /** The generation that a message or an echo named, and no reply yet. */
  rumour: string | undefined;
  /** The reply to a beat after this one settles the rumour, true or not. */
  rumouredAt: number;
  /** An echo that came before a reply had named its generation: what it proves if one does. */
  unproven: { readonly beat: number; readonly gen: string; readonly until: Milliseconds } | undefined;
}

interface Beat {
  readonly sentAt: Milliseconds;
  readonly sentAtEpoch: Milliseconds;
  readonly epoch: number;
  readonly caches: readonly Followed[];
}

/** What a {@link ReadLease} is made of. */
export interface ReadLeaseOptions {
  readonly clock: Clock;
  readonly events: CacheEvents;
  /** The bound D: how long an echo is good for, counted from the moment its heartbeat was sent. */
  readonly boundMs: Milliseconds;
  /** `undefined` inside one process: deliveries are synchronous there, and the lease never ends. */
  readonly heartbeat: Heartbeat | undefined;
  /** Told when a cache can no longer be served and when it can again. Default: it becomes a `bypass` event. */
  readonly tellBypass?: (cache: string, active: boolean) => void;
  /**
   * Told when, for a bound (the second time for two, then for four, at most for eight), heartbeats have reached no subscriber of the server
   * that executed them, and no echo came another way: this instance's two connections lead to different servers. `times`: how often in a row, from 1. Default: nobody.
   */
  readonly whenUnheard?: (times: number) => void;
}

/** Heartbeats per bound. One may be lost, and another late, before the lease lapses. */
export const BEATS_PER_BOUND = 4;

/** How many pauses there are in a bound between beats that rumours ask for: anybody may start a rumour at any time. */
const RUMOURS_PER_BOUND = 16;

/** What did not help is tried again after twice the time, and in the end after so many bounds. */
const MOST_UNHEARD_BOUNDS = 8;

/** Where the numbering of beats may begin: who cannot read our echoes must not guess them. */
const LATEST_FIRST_BEAT = 2 ** 47;

/** Beats whose echo may still be on its way. More are not remembered: a link that slow cannot keep a lease anyway. */
const MAXIMUM_UNDER_WAY = 16;

/**
 * The right of this instance to serve its local tiers.
 *
 * Every D/4 a numbered heartbeat goes through the server on the command connection and its echo comes back on the *subscriber's own*
 * connection. A server runs commands one at a time and writes each connection in order; so whoever handles the echo of a heartbeat that was
 * executed at time s has already handled every eviction executed before s, or can see from the sequence number that it has not. The local
 * tier may be served while now − (time the heartbeat was **sent**) ≤ D. Sent, not received: a slow link must not lengthen the lease.
 *
 * States of a followed cache:
 *   unproven  not subscribed, or no echo since: nothing is served.
 *   proven    an echo of the present subscription epoch, with the number of the last applied message, is younger than D.
 *   lapsed    the last one is older: bypass, until the next echo.
 * A gap in the numbers, another generation and every confirmed subscription empty the local tier; a lost connection ends the lease at once.
 *
 * Generations come from replies on the command connection alone. Anybody may publish: a message or an echo that names another one than the
 * known is a *rumour*. It empties the local tier, the remote one is read with care, and a heartbeat asks; an echo with a rumoured generation
 * proves nothing before a reply has named that as well.
 *
 * The wall clock is consulted beside the monotonic one, which stands still while a virtual machine is suspended.
 *
 * @see docs/coherence.md for the proof and for the counter-example to each rule.
 */
export class ReadLease {
  readonly #clock: Clock;
  readonly #events: CacheEvents;
  readonly #boundMs: Milliseconds;
  readonly #heartbeat: Heartbeat | undefined;
  readonly #told: (cache: string, active: boolean) => void;
  readonly #whenUnheard: (times: number) => void;
  readonly #followed = new Map<string, Followed>();
  readonly #underWay = new Map<number, Beat>();
  /** Told when one of these caches may be served again, by its name. */
  readonly #whenServed = new Map<string, Set<() => void>>();
  /** Told of a cache whose topic spread a rumour that came to nothing. */
  #whenForged: (cache: string) => void = () => undefined;
  #number = randomInt(LATEST_FIRST_BEAT);
  /** The newest beat whose reply was applied. */
  #replied = 0;
  /** A beat that a rumour asked for is under way, or the pause after it. */
  #isAsking = false;
  #pausing: NodeJS.Timeout | undefined;
  #epoch = 0;
  /** Beats before this one may have run before the inbox was subscribed. `Infinity`: it is not now. */
  #heardFrom = Number.POSITIVE_INFINITY;
  /** When the first of the beats was sent that have reached nobody; `undefined`: the last one did. */
  #unheardSince: Milliseconds | undefined;
  #unheardTimes = 0;
  #timer: NodeJS.Timeout | undefined;
  #lastTick: { readonly at: Milliseconds; readonly epochMs: Milliseconds } | undefined;

  constructor(options: ReadLeaseOptions) {
    this.#clock = options.clock;
    this.#events = options.events;
    this.#boundMs = options.boundMs;
    this.#heartbeat = options.heartbeat;
    this.#told = options.tellBypass ?? ((cache, active) => this.#events.emit('bypass', { cache, active }));
    this.#whenUnheard = options.whenUnheard ?? (() => undefined);
  }

  /** Takes a cache under the lease; it serves nothing before {@link subscribed} names it. */
  follow(cache: CoherentCache): void {
    this.#followed.set(cache.name, {
      cache,
      applied: undefined,
      provenFrom: Number.POSITIVE_INFINITY,
      bypassed: false,
      rumour: undefined,
      rumouredAt: 0,
      unproven: undefined,
    });
    cache.holdLeaseUntil(Number.NEGATIVE_INFINITY);
  }

  /** Has `listener` told of each cache of which somebody named a generation that Redis does not have. */
  onForged(listener: (cache: string) => void): void {
    this.#whenForged = listener;
  }

  /** The caches under the lease. */
  get names(): readonly string[] {
    return [...this.#followed.keys()];
  }

  /** The server confirmed the topics of these caches: what came before is unknown, what comes from now on will be heard. */
  subscribed(names: Iterable<string>, epoch: number): void {
    this.#epoch = epoch;
    for (const name of names) {
      const followed = this.#followed.get(name);
      if (followed === undefined) continue;
      this.emptyAtSubscription(followed.cache);
      followed.applied = followed.unproven = undefined;
      followed.provenFrom = this.#number + 1;
      if (this.#heartbeat === undefined) followed.cache.holdLeaseUntil(Number.POSITIVE_INFINITY);
      this.#look(name);
    }
  }

  /** The server confirmed the inbox: beats from now on reach at least this instance. */
  hearsFrom(epoch: number): void {
    this.#epoch = epoch;
    this.#heardFrom = this.#number + 1;
  }

  /** The subscriber's connection is gone; `epoch` is the one that begins now. */
  lost(epoch: number): void {
    this.#epoch = epoch;
    this.#heardFrom = Number.POSITIVE_INFINITY;
    this.#unheardSince = undefined;
    this.#underWay.clear();
    for (const followed of this.#followed.values()) {
      followed.provenFrom = Number.POSITIVE_INFINITY;
      followed.unproven = undefined;
      followed.cache.holdLeaseUntil(Number.NEGATIVE_INFINITY);
      this.#tellBypass(followed, true);
    }
  }

  /** Sends one heartbeat. Rejects when the command connection fails; the lease then runs out by itself. */
  async beat(): Promise<void> {
    if (this.#heartbeat === undefined) return;
    const number = (this.#number += 1);
    const caches = [...this.#followed.values()];
    const beat: Beat = { sentAt: this.#clock.now(), sentAtEpoch: Date.now(), epoch: this.#epoch, caches };
    this.#underWay.set(number, beat);
    if (this.#underWay.size > MAXIMUM_UNDER_WAY) this.#underWay.delete(this.#underWay.keys().next().value as number);
    const beaten = caches.map(({ cache }) => ({ name: cache.name, generation: cache.generation.current }));
    const { states, reached } = await this.#heartbeat.pulse(beaten, echoHead(number));
    if (beat.epoch === this.#epoch && number >= this.#heardFrom) this.#noteReach(reached, beat.sentAt);
    this.#replied = Math.max(this.#replied, number);
    caches.forEach((followed, i) => this.#applyReply(followed, number, states[i] as CacheState));
  }

  /**
   * An address may come to lead to another server while the one before lives: a subscriber that stays connected there hears nothing and
   * misses nothing it could see. The echo is what counts: servers pass messages on (a primary to its replicas, nodes of a Redis Cluster to
   * each other) and count their own subscribers only. Who gets none for a bound after the first beat that reached nobody has no lease, and
   * nothing to lose.
   */
  #noteReach(reached: number, sentAt: Milliseconds): void {
    if (this.hasReached(reached)) return this.#heard();
    this.#unheardSince ??= sentAt;
    if (this.#clock.now() - this.#unheardSince < this.#boundMs * Math.min(2 ** this.#unheardTimes, MOST_UNHEARD_BOUNDS)) return;
    this.#unheardSince = undefined;
    this.#whenUnheard((this.#unheardTimes += 1));
  }

  #heard(): void {
    this.#unheardSince = undefined;
    this.#unheardTimes = 0;
  }

  #applyReply(followed: Followed, number: number, { gen, isReplaced }: CacheState): void {
    const { cache, unproven } = followed;
    cache.generation.follow(gen, isReplaced);
    if (isReplaced === true) this.#events.emit('error', { where: `bookkeeping of cache '${cache.name}'`, error: damaged(cache.name) });
    if (followed.rumour !== undefined && this.settles(number, followed.rumouredAt)) {
      // Rumours of older generations are messages that a clear has overtaken.
      if (Number(followed.rumour) > Number(cache.generation.current)) this.#whenForged(cache.name);
      followed.rumour = undefined;
      cache.generation.trust();
    }
    if (unproven === undefined || number < unproven.beat) return;
    followed.unproven = undefined;
    if (unproven.gen === cache.generation.current) this.#prove(followed, unproven.until);
  }

  /** The echo of heartbeat `number` arrived on the subscriber's connection. */
  echoed(number: number, states: readonly CacheState[]): void {
    const beat = this.#underWay.get(number);
    if (beat === undefined || beat.epoch !== this.#epoch || states.length !== beat.caches.length) return;
    this.#heard();
    for (const earlier of [...this.#underWay.keys()]) if (earlier <= number) this.#underWay.delete(earlier);
    const suspended = this.#suspendedSince(beat.sentAt, beat.sentAtEpoch);
    beat.caches.forEach((followed, i) => {
      if (number < followed.provenFrom) return;
      const { seq, gen } = states[i] as CacheState;
      const isNamed = gen === followed.cache.generation.current;
      if (!isNamed && gen !== followed.rumour) this.#rumoured(followed, gen, 'coherence', number);
      if (this.isBehind(followed.applied, seq)) this.#skipTo(followed, seq);
      if (suspended) return;
      const until = this.leaseEndOf(beat.sentAt);
      if (isNamed) this.#prove(followed, until);
      else followed.unproven = { beat: number, gen, until };
    });
  }

  #prove(followed: Followed, until: Milliseconds): void {
    followed.cache.holdLeaseUntil(until);
    this.#tellBypass(followed, false);
    this.#look(followed.cache.name);
  }

  /**
   * Somebody names a generation that no reply has named. `beat`: it is the echo of this one.
   * What the reply to a beat says that was sent later is the truth about it, for that beat was executed later.
   */
  #rumoured(followed: Followed, gen: string, cause: 'remote' | 'coherence', beat?: number, isOwn = false): void {
    const since = beat === undefined ? this.#number : beat - 1;
    followed.rumouredAt = followed.rumour === undefined ? since : Math.max(since, followed.rumouredAt);
    followed.rumour = gen;
    followed.cache.generation.doubt(gen, cause);
    // Else a reply is on its way: to the same beat, or to the clear that this instance has sent.
    if (!isOwn && (beat === undefined || beat <= this.#replied)) this.#ask();
  }

  /** Sends a beat, one at a time and with a pause, until no rumour is left. If it fails, the next one is due in D/4. */
  #ask(): void {
    if (this.#isAsking || this.#heartbeat === undefined) return;
    this.#isAsking = true;
    const again = (): void => {
      this.#isAsking = false;
      if ([...this.#followed.values()].some(({ rumour }) => rumour !== undefined)) this.#ask();
    };
    const pause = (): void => {
      if (this.#followed.size > 0) this.#pausing = setTimeout(again, this.#boundMs / RUMOURS_PER_BOUND).unref();
    };
    this.beat().then(pause, pause);
  }

  /**
   * A message of `cache` arrived with this number and generation. `true`: it is the next one, apply it.
   * `false`: some were missed, or made up; the local tier has been emptied instead, which covers this message too.
   *
   * @param cause - what the removals for another generation are put down to: `remote` for the message of a clear. Default: `coherence`.
   */
  received(cache: string, seq: number, gen: string, cause: 'remote' | 'coherence' = 'coherence', isOwn = false): boolean {
    const followed = this.#followed.get(cache);
    if (followed === undefined) return false;
    const { applied } = followed;
    const isNext = this.isNext(applied, seq);
    const isNews = gen !== followed.cache.generation.current && gen !== followed.rumour;
    if (isNews) this.#rumoured(followed, gen, cause, undefined, isOwn);
    if (isNext) followed.applied = seq;
    else if (!isNews) this.#skipTo(followed, seq); // Of a rumour, which has emptied the local tier, the number may be made up as well.
    return isNext;
  }

  /** Resolves once these caches (default: all) are served, or after `timeoutMs`: reads do without the local tier then. */
  async proven(timeoutMs: Milliseconds, names: readonly string[] = this.names): Promise<void> {
    if (this.#areServed(names)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        for (const name of names) {
          const looks = this.#whenServed.get(name);
          looks?.delete(look);
          if (looks?.size === 0) this.#whenServed.delete(name);
        }
        resolve();
      };
      const look = (): void => {
        if (this.#areServed(names)) done();
      };
      const timer = setTimeout(done, timeoutMs);
      for (const name of names) {
        const looks = this.#whenServed.get(name);
        if (looks === undefined) this.#whenServed.set(name, new Set([look]));
        else looks.add(look);
      }
    });
  }

  #look(name: string): void {
    for (const look of this.#whenServed.get(name) ?? []) look();
  }

  /** Beats every D/4 from now on. `failed` is told of heartbeats that failed. */
  start(sent: () => void, failed: (error: unknown) => void): void {
    if (this.#timer !== undefined || this.#heartbeat === undefined) return;
    const tick = (): void => {
      this.#watch();
      this.beat().then(sent, failed);
    };
    this.#timer = setInterval(tick, this.#boundMs / BEATS_PER_BOUND);
    this.#timer.unref();
  }

  /** Ends the heartbeats and the lease, for good. */
  stop(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#pausing);
    this.#timer = undefined;
    this.#underWay.clear();
    for (const { cache } of this.#followed.values()) cache.holdLeaseUntil(Number.NEGATIVE_INFINITY);
    this.#followed.clear();
  }

  /** Looks whether a lease has lapsed or the machine was suspended; both need no action to be safe but want telling. */
  #watch(): void {
    const now = this.#clock.now();
    const last = this.#lastTick;
    this.#lastTick = { at: now, epochMs: Date.now() };
    const suspended = last !== undefined && this.#suspendedSince(last.at, last.epochMs);
    for (const followed of this.#followed.values()) {
      if (suspended) followed.cache.holdLeaseUntil(Number.NEGATIVE_INFINITY);
      if (!followed.cache.isServing(now)) this.#tellBypass(followed, true);
    }
  }

  /** Whether the wall clock has moved on by half a bound more than the monotonic one. */
  #suspendedSince(at: Milliseconds, epochMs: Milliseconds): boolean {
    return Date.now() - epochMs - (this.#clock.now() - at) > this.#boundMs / 2;
  }

  #areServed(names: readonly string[]): boolean {
    const now = this.#clock.now();
    return names.every((name) => this.#followed.get(name)?.cache.isServing(now) ?? true);
  }

  #skipTo(followed: Followed, seq: number): void {
    const { applied, cache } = followed;
    followed.applied = seq;
    cache.missed(applied === undefined ? 'coherence' : 'gap');
    if (applied !== undefined) this.#events.emit('gap', { cache: cache.name, expected: applied + 1, received: seq });
  }

  #tellBypass(followed: Followed, active: boolean): void {
    if (followed.bypassed === active) return;
    followed.bypassed = active;
    this.#told(followed.cache.name, active);
  }

  // The rules, one by one: a spec shows for each what breaks without it.

  /** What came before a subscription was confirmed is unknown. */
  protected emptyAtSubscription(cache: CoherentCache): void {
    cache.missed('coherence');
  }

  /** Counted from when the heartbeat was sent. */
  protected leaseEndOf(sentAt: Milliseconds): Milliseconds {
    return sentAt + this.#boundMs;
  }

  /** Whether no message is missing before this one. */
  protected isNext(applied: number | undefined, seq: number): boolean {
    return applied === undefined || seq === applied + 1;
  }

  /** Whether messages are missing that were sent before an echo. */
  protected isBehind(applied: number | undefined, seq: number): boolean {
    return applied !== seq;
  }

  /** Whether the reply to a beat tells the truth about a rumour. */
  protected settles(beat: number, rumouredAt: number): boolean {
    return beat > rumouredAt;
  }

  /** Whether a heartbeat has reached this instance's own subscriber. */
  protected hasReached(subscribers: number): boolean {
    return subscribers > 0;
  }
}

const damaged = (cache: string): RemoteCacheError =>
  new RemoteCacheError('CACHE_REMOTE_FAILED', `The bookkeeping of cache '${cache}' in Redis was damaged, and has been replaced.`, {
    hint: 'Another program writes to its keys. What was cached in Redis is loaded anew.',
  });
