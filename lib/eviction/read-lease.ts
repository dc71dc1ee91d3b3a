import type { CoherentCache } from '../cache/index.js';
import type { CacheEvents } from '../event/index.js';
import { type Clock, type Milliseconds, type Timer, type Timers, timersOf } from '../time/index.js';
import { BEATS_PER_BOUND, Beats } from './beats.js';
import { damaged } from './damaged-state.js';
import { FollowedCache, type Proof } from './followed-cache.js';
import type { CacheState } from './cache-state.js';
import type { Heartbeat } from './heartbeat.js';
import { echoHead, type EvictionMessage } from './messages.js';
import { type Moment, SleepWatch } from './sleep-watch.js';
import { UnheardBeats } from './unheard-beats.js';
import { WaitersByName } from './waiters-by-name.js';

/** What a {@link ReadLease} is made of. */
export interface ReadLeaseOptions {
  readonly clock: Clock;
  readonly events: CacheEvents;
  /** The bound D: how long an echo is good for, counted from the moment its heartbeat was sent. */
  readonly boundMs: Milliseconds;
  /** `undefined` inside one process: deliveries are synchronous there, and the lease never ends. */
  readonly heartbeat: Heartbeat | undefined;
  /**
   * Told when a cache can no longer be served, and when it can again. Default: it becomes a `bypass` event.
   */
  readonly tellBypass?: ((cache: string, active: boolean) => void) | undefined;
  /**
   * Told when, for a bound (the second time for two bounds, then for four, at most for eight), heartbeats
   * have reached no subscriber of the server that executed them, and no echo came another way. The two
   * connections of this instance lead to different servers then. `times`: how often in a row, from 1.
   * Default: nobody.
   */
  readonly whenUnheard?: ((times: number) => void) | undefined;
}

/** Pauses per bound between beats that rumours ask for. Anybody may start a rumour at any time. */
const RUMOURS_PER_BOUND = 16;

/** What a {@link ReadLease} must know of a message. */
export type NumberedMessage = Pick<EvictionMessage, 'cache' | 'seq' | 'gen'>;

/**
 * The right of this instance to serve its local tiers.
 *
 * Every D/4 a numbered heartbeat goes through the server on the command connection, and its echo comes back
 * on the *subscriber's own* connection. A server runs commands one at a time and writes each connection in
 * order. So when the echo of a heartbeat that was executed at time s arrives, every eviction that was
 * executed before s has arrived as well, or the sequence number shows that one is missing. The local tier may
 * be served while now − (time the heartbeat was **sent**) ≤ D. Sent, not received: a slow link must not
 * lengthen the lease.
 *
 * States of a followed cache:
 * - unproven: it is not subscribed, or no echo has come since. Nothing is served.
 * - proven: an echo of the present subscription epoch, with the number of the last applied
 *   message, is younger than D.
 * - lapsed: the last echo is older. Bypass, until the next one.
 *
 * A gap in the numbers and another generation empty the local tier. A lost connection ends the lease at
 * once. When the subscription is back, the local tier survives if the first echo names the same number and
 * the same generation as the last echo before the loss (which the reply to its beat must have named, too):
 * then nothing was evicted in between, whatever arrived.
 *
 * Generations come from replies on the command connection alone. Anybody may publish, so a message or an echo
 * that names another generation than the known one is a *rumour*. It empties the local tier, the remote tier
 * is read with care, and a heartbeat asks Redis. An echo with a rumoured generation proves nothing before a
 * reply has named that generation.
 *
 * The wall clock is consulted beside the monotonic one, which stands still while a virtual machine is
 * suspended.
 *
 * @see docs/coherence.md for the proof and for the counter-example to each rule.
 */
export class ReadLease {
  readonly #options: ReadLeaseOptions;
  readonly #clock: Clock;
  readonly #heartbeat: Heartbeat | undefined;
  readonly #followed = new Map<string, FollowedCache>();
  readonly #beats = new Beats();
  readonly #unheard: UnheardBeats;
  readonly #sleep: SleepWatch;
  readonly #timers: Timers;
  readonly #waiters: WaitersByName;
  /** Told of a cache whose topic spread a rumour that came to nothing. */
  #whenForged: (cache: string) => void = () => undefined;
  /** The newest beat whose reply was applied. */
  #replied = 0;
  /** A beat that a rumour asked for is under way, or the pause after it. */
  #isAsking = false;
  #pausing: Timer | undefined;
  #epoch = 0;
  /** Beats before this one may have run before the inbox was subscribed. `Infinity`: it is not now. */
  #heardFrom = Number.POSITIVE_INFINITY;
  #timer: Timer | undefined;
  #isStopped = false;
  #lastTick: Moment | undefined;

  constructor(options: ReadLeaseOptions) {
    const { clock, boundMs, heartbeat, whenUnheard = () => undefined } = options;
    this.#options = options;
    this.#clock = clock;
    this.#timers = timersOf(clock);
    this.#waiters = new WaitersByName(this.#timers);
    this.#heartbeat = heartbeat;
    this.#unheard = new UnheardBeats({ clock, boundMs, whenUnheard });
    this.#sleep = new SleepWatch(clock, boundMs / 2);
  }

  /** Takes a cache under the lease. It serves nothing before {@link subscribed} names it. */
  follow(cache: CoherentCache): void {
    const { events, tellBypass = (name, active) => events.emit('bypass', { cache: name, active }) } = this.#options;
    this.#followed.set(cache.name, new FollowedCache(cache, { events, tellBypass }));
  }

  /** Tells `listener` each cache of which somebody named a generation that Redis does not have. */
  onForged(listener: (cache: string) => void): void {
    this.#whenForged = listener;
  }

  /** The caches under the lease. */
  get names(): readonly string[] {
    return [...this.#followed.keys()];
  }

  /**
   * The server confirmed the topics of these caches. What came before is not known until an echo comes; what
   * comes from now on will be heard.
   */
  subscribed(names: Iterable<string>, epoch: number): void {
    this.#epoch = epoch;
    for (const name of names) {
      const followed = this.#followed.get(name);
      if (followed === undefined) continue;
      if (this.#heartbeat === undefined) followed.serveForGood();
      else followed.subscribed(this.#beats.latest + 1);
      this.#waiters.look(name);
    }
  }

  /** The server confirmed the inbox. Beats from now on reach at least this instance. */
  hearsFrom(epoch: number): void {
    this.#epoch = epoch;
    this.#heardFrom = this.#beats.latest + 1;
  }

  /** The subscriber's connection is gone. `epoch` is the one that begins now. */
  lost(epoch: number): void {
    this.#epoch = epoch;
    this.#heardFrom = Number.POSITIVE_INFINITY;
    this.#unheard.restart();
    this.#beats.forgetAll();
    for (const followed of this.#followed.values()) followed.lost(this.#sleep.now());
  }

  /**
   * Sends one heartbeat; after {@link stop}, none. Rejects when the command connection fails; the lease then
   * ends by itself.
   */
  async beat(): Promise<void> {
    if (this.#heartbeat === undefined || this.#isStopped) return;
    const caches = [...this.#followed.values()];
    const beat = { sent: this.#sleep.now(), epoch: this.#epoch, caches };
    const number = this.#beats.add(beat);
    const beaten = caches.map((followed) => followed.beaten);
    const { states, reached } = await this.#heartbeat.pulse(beaten, echoHead(number));
    if (beat.epoch === this.#epoch && number >= this.#heardFrom) {
      if (this.hasReached(reached)) this.#unheard.clear();
      else this.#unheard.add(beat.sent.at);
    }
    this.#replied = Math.max(this.#replied, number);
    caches.forEach((followed, i) => this.#applyReply(followed, number, states[i] as CacheState));
  }

  #applyReply(followed: FollowedCache, number: number, state: CacheState): void {
    const { cache, name } = followed;
    const { gen, isReplaced } = state;
    cache.generation.follow(gen, isReplaced);
    followed.replied(number, state);
    if (isReplaced === true) this.#options.events.emit('error', { where: `bookkeeping of cache '${name}'`, error: damaged(name) });
    if (followed.isRumoured && this.settles(number, followed.rumouredAt) && followed.settleRumour()) this.#whenForged(name);
    const proof = followed.proofBy(number);
    if (proof !== undefined) this.#prove(followed, proof);
  }

  /** The echo of heartbeat `number` arrived on the subscriber's connection. */
  echoed(number: number, states: readonly CacheState[]): void {
    const beat = this.#beats.find(number);
    if (beat === undefined || beat.epoch !== this.#epoch || states.length !== beat.caches.length) return;
    this.#unheard.clear();
    this.#beats.forgetUpTo(number);
    const hasSlept = this.#sleep.sleptSince(beat.sent);
    beat.caches.forEach((followed, i) => {
      if (!followed.heardAll(number)) return;
      const state = states[i] as CacheState;
      const { seq, gen } = state;
      const isNamed = gen === followed.cache.generation.current;
      if (followed.isNews(gen)) this.#echoRumoured(followed, gen, number);
      if (followed.isReturning) followed.returned(state, this.isUnchanged(state, followed));
      else if (this.isBehind(followed.applied, seq)) followed.skipTo(state, seq + 1); // The message of `seq` itself has not come.
      followed.echoed(number, state);
      if (hasSlept) return;
      const proof = { sent: beat.sent, until: this.leaseEndOf(beat.sent.at) };
      if (isNamed) this.#prove(followed, proof);
      else followed.keepUnproven({ beat: number, gen, proof });
    });
  }

  #prove(followed: FollowedCache, proof: Proof): void {
    followed.prove(proof);
    this.#waiters.look(followed.name);
  }

  /**
   * The echo of `beat` names a generation that no reply has named. The reply to `beat` itself settles that.
   */
  #echoRumoured(followed: FollowedCache, gen: string, beat: number): void {
    followed.hearRumour(gen, beat - 1, 'coherence');
    if (beat <= this.#replied) this.#ask(); // Else the reply is still on its way.
  }

  /**
   * Sends a beat, one at a time and with a pause, until no rumour is left. If it fails, the next one is due
   * in D/4.
   */
  #ask(): void {
    if (this.#isAsking || this.#heartbeat === undefined) return;
    this.#isAsking = true;
    const again = (): void => {
      this.#isAsking = false;
      if ([...this.#followed.values()].some(({ isRumoured }) => isRumoured)) this.#ask();
    };
    const pause = (): void => {
      if (this.#followed.size > 0) this.#pausing = this.#timers.after(this.#options.boundMs / RUMOURS_PER_BOUND, again).unref();
    };
    this.beat().then(pause, pause);
  }

  /**
   * A message of a cache arrived with this number and generation. `true`: it is the next one, apply it.
   * `false`: some were missed, or made up. The local tier has been emptied instead, which covers this message
   * too.
   *
   * @param cause - the cause of removals if the generation is another one: `remote` for the message of a
   *   clear. Default: `coherence`.
   */
  received({ cache, seq, gen }: NumberedMessage, cause: 'remote' | 'coherence' = 'coherence', isOwn = false): boolean {
    const followed = this.#followed.get(cache);
    if (followed === undefined) return false;
    // Until the first echo, messages only remove: it will show whether one is missing.
    const isNext = followed.isReturning || this.isNext(followed.applied, seq);
    const isNews = followed.isNews(gen);
    if (isNews) {
      // The reply to a beat that is sent from now on tells the truth, for it is executed later.
      followed.hearRumour(gen, this.#beats.latest, cause);
      if (!isOwn) this.#ask(); // Else the reply to the clear that this instance has sent is on its way.
    }
    if (isNext) followed.advance(seq, gen);
    // A rumour has emptied the local tier already, and its number may be made up as well.
    else if (!isNews) followed.skipTo({ seq, gen }, seq);
    return isNext;
  }

  /**
   * Resolves once these caches (default: all) are served, or after `timeoutMs`: reads then do without the
   * local tier.
   */
  proven(timeoutMs: Milliseconds, names: readonly string[] = this.names): Promise<void> {
    return this.#waiters.wait(names, () => this.#areServed(names), timeoutMs);
  }

  /** See {@link FollowedCache.provenMs}. `undefined` too for a cache that is not under the lease. */
  provenMs(name: string): Milliseconds | undefined {
    return this.#followed.get(name)?.provenMs(this.#sleep);
  }

  /** Beats every D/4 from now on. `failed` is told of heartbeats that failed. */
  start(sent: () => void, failed: (error: unknown) => void): void {
    if (this.#timer !== undefined || this.#heartbeat === undefined) return;
    const tick = (): void => {
      this.#watch();
      this.beat().then(sent, failed);
    };
    this.#timer = this.#timers.every(this.#options.boundMs / BEATS_PER_BOUND, tick);
    this.#timer.unref();
  }

  /** Ends the heartbeats and the lease, for good. */
  stop(): void {
    this.#isStopped = true;
    this.#timers.clear(this.#timer);
    this.#timers.clear(this.#pausing);
    this.#timer = undefined;
    this.#beats.forgetAll();
    for (const followed of this.#followed.values()) followed.endLease();
    this.#followed.clear();
  }

  /**
   * Notices that a lease has ended, or that the machine was suspended. Both are safe without this, but people
   * want to know.
   */
  #watch(): void {
    const last = this.#lastTick;
    this.#lastTick = this.#sleep.now();
    const hasSlept = last !== undefined && this.#sleep.sleptSince(last);
    for (const followed of this.#followed.values()) {
      if (hasSlept) followed.endLease();
      if (!followed.cache.isServing(this.#lastTick.at)) followed.tellBypass(true);
    }
  }

  #areServed(names: readonly string[]): boolean {
    const now = this.#clock.now();
    return names.every((name) => this.#followed.get(name)?.cache.isServing(now) ?? true);
  }

  // The rules, one by one. A spec shows for each what breaks without it.

  /**
   * Whether the first echo since a subscription shows that nothing was evicted since the last echo. What was
   * applied in between proves nothing: it may have been made up.
   */
  protected isUnchanged({ seq, gen }: CacheState, { confirmed }: Pick<FollowedCache, 'confirmed' | 'applied'>): boolean {
    return confirmed?.seq === seq && confirmed.gen === gen;
  }

  /** Counted from when the heartbeat was sent. */
  protected leaseEndOf(sentAt: Milliseconds): Milliseconds {
    return sentAt + this.#options.boundMs;
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
