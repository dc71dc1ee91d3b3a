import { hostname } from 'node:os';
import type { CacheManager } from '../cache/index.js';
import type { CacheEvents } from '../event/index.js';
import { type Clock, type Milliseconds, type Timer, type Timers, timersOf } from '../time/index.js';
import type { Message } from '../topic/index.js';
import {
  type CacheStatus,
  type FeedEntry,
  fitting,
  type FleetMessage,
  formatFleetMessage,
  type InstanceStatus,
  MAXIMUM_FEED_KEY_LENGTH,
  MAXIMUM_FEED_KEYS,
  MAXIMUM_FLEET_MESSAGE_LENGTH,
  parseFleetMessage,
} from './fleet-message.js';

/** The settings of a cache, and its lease. */
export type CacheDescription = Pick<CacheStatus, 'tiers' | 'topic' | 'maximumSize' | 'ttlMs' | 'tags' | 'leaseLeftMs'> & {
  readonly isServing?: boolean | undefined;
};

/** The collaborators and settings of a {@link FleetReporter}. */
export interface FleetReporterOptions {
  readonly instanceId: string;
  readonly namespace: string;
  readonly boundMs: Milliseconds;
  readonly clock: Clock;
  readonly manager: Pick<CacheManager, 'health' | 'statistics'>;
  /** The settings and the lease of a cache. */
  readonly describe: (cache: string) => CacheDescription;
  readonly events: CacheEvents;
  /** Sends a message to the watchers. If it rejects, they learn of it later, or never. */
  readonly publish: (message: string) => Promise<unknown>;
}

/** How often a watched instance sends its status. */
export const REPORT_EVERY_MS: Milliseconds = 1_000;

/** The least time between two statuses, however many ask and whatever happens. */
export const LEAST_BETWEEN_STATUSES_MS: Milliseconds = 200;

/** How long an instance keeps answering after a question. Watchers ask again well before that. */
export const WATCHED_FOR_MS: Milliseconds = 10_000;

/** Evictions are sent together with those that follow within this time. */
const GATHER_MS: Milliseconds = 40;

/** The most entries that wait to be sent. Beyond it the oldest are dropped and counted. */
const MAXIMUM_WAITING = 200;

/**
 * Reports one instance while somebody watches, and otherwise does nothing at all: no timer, no listener on
 * the events. Watchers ask by messages ({@link heard}), or sit in the same process ({@link tell}). The number
 * of questions does not raise the number of answers: a status is sent at most five times a second, and the
 * next one answers all questions that came meanwhile.
 */
export class FleetReporter {
  readonly #options: FleetReporterOptions;
  readonly #timers: Timers;
  readonly #startedAt: Milliseconds;
  readonly #neighbours = new Set<(message: FleetMessage) => void>();
  readonly #toldMalformed = new Set<string>();
  #watchedUntil = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;
  /** Runs while the last status is younger than {@link LEAST_BETWEEN_STATUSES_MS}. */
  #resting: Timer | undefined;
  #isStatusDue = false;
  #gathering: Timer | undefined;
  #waiting: FeedEntry[] = [];
  #lost = 0;
  #detach: readonly (() => void)[] = [];
  #links: InstanceStatus['links'] = {};

  constructor(options: FleetReporterOptions) {
    this.#options = options;
    this.#timers = timersOf(options.clock);
    this.#startedAt = this.#timers.epochNow();
  }

  /** The instance's name in messages. */
  get id(): string {
    return this.#options.instanceId;
  }

  /** Whether it is reporting. */
  get isActive(): boolean {
    return this.#timer !== undefined;
  }

  /** The present state of the instance. */
  status(): InstanceStatus {
    const { instanceId, namespace, boundMs, manager, describe } = this.#options;
    const { status, links, caches } = manager.health();
    const statistics = manager.statistics();
    const told = Object.entries(caches).map(([name, { status: health, provenMs }]): [string, CacheStatus] => {
      const { isServing = health === 'up', ...described } = describe(name);
      return [name, { status: health, isServing, ...known({ provenMs }), ...described, statistics: figures(statistics[name] ?? {}) }];
    });
    return {
      id: instanceId,
      namespace,
      host: hostname(),
      pid: process.pid,
      startedAt: this.#startedAt,
      at: this.#timers.epochNow(),
      boundMs,
      status,
      links,
      caches: Object.fromEntries(told),
    };
  }

  /**
   * Takes a message from the topic where the fleet is asked. The event `malformed` reports messages that mean
   * nothing, once per reason.
   */
  heard({ channel, body }: Message): void {
    const message = parseFleetMessage(body);
    if ('malformed' in message) return this.#tellMalformed(channel, message.malformed);
    if (message.kind !== 'watch') return this.#tellMalformed(channel, 'no question');
    this.#watchedUntil = this.#options.clock.now() + WATCHED_FOR_MS;
    if (!this.isActive) this.#begin();
    else if (message.isFirst) this.#tellStatus();
  }

  /**
   * Reports to `neighbour`, a watcher in this process, whether or not messages arrive. Returns
   * a function that ends it.
   */
  tell(neighbour: (message: FleetMessage) => void): () => void {
    this.#neighbours.add(neighbour);
    if (!this.isActive) this.#begin();
    else neighbour(this.#statusMessage());
    return () => void this.#neighbours.delete(neighbour); // The next tick ends the reports if nobody else watches.
  }

  /** Says goodbye to the watchers, if there are any, and ends. Never rejects. */
  async stop(): Promise<void> {
    if (!this.isActive) return;
    const wasWatched = this.#isWatched();
    this.#end();
    const gone: FleetMessage = { kind: 'gone', from: this.id };
    this.#tellNeighbours(gone);
    this.#neighbours.clear();
    if (wasWatched) await this.#options.publish(formatFleetMessage(gone)).catch(() => undefined);
  }

  #tellMalformed(topic: string, reason: string): void {
    if (this.#toldMalformed.has(reason)) return;
    this.#toldMalformed.add(reason);
    this.#options.events.emit('malformed', { topic, reason });
  }

  #begin(): void {
    const { events } = this.#options;
    this.#detach = [
      events.on('evicted', ({ cache, keys, origin, seq, lagMs }) => {
        const of = { count: keys.length, origin: shorten(origin), seq, ...known({ lagMs }) };
        this.#note({ at: this.#timers.epochNow(), kind: 'evicted', cache, keys: firstOf(keys), ...of });
      }),
      events.on('tagsEvicted', ({ cache, tags, origin, seq, lagMs }) => {
        const of = { count: tags.length, origin: shorten(origin), seq, ...known({ lagMs }) };
        this.#note({ at: this.#timers.epochNow(), kind: 'tagsEvicted', cache, tags: firstOf(tags), ...of });
      }),
      events.on('cleared', ({ cache, origin, seq, lagMs }) =>
        this.#note({ at: this.#timers.epochNow(), kind: 'cleared', cache, ...known({ origin: origin && shorten(origin), seq, lagMs }) }),
      ),
      events.on('bypass', ({ cache, active }) => {
        this.#note({ at: this.#timers.epochNow(), kind: 'bypass', cache, active });
        this.#tellStatus();
      }),
      events.on('gap', ({ cache, expected, received }) =>
        this.#note({ at: this.#timers.epochNow(), kind: 'gap', cache, expected, received }),
      ),
      events.on('lost', () => this.#tellStatus()),
    ];
    this.#links = this.#options.manager.health().links;
    this.#timer = this.#timers.every(REPORT_EVERY_MS, () => this.#tick());
    this.#timer.unref();
    this.#tellStatus();
  }

  #end(): void {
    this.#timers.clear(this.#timer);
    this.#timers.clear(this.#resting);
    this.#timers.clear(this.#gathering);
    this.#timer = undefined;
    this.#resting = undefined;
    this.#isStatusDue = false;
    this.#gathering = undefined;
    for (const detach of this.#detach) detach();
    this.#detach = [];
    this.#waiting = [];
    this.#lost = 0;
  }

  #tick(): void {
    if (!this.#isWatched() && this.#neighbours.size === 0) this.#end();
    else this.#tellStatus();
  }

  #isWatched(): boolean {
    return this.#options.clock.now() <= this.#watchedUntil;
  }

  /**
   * Goes by the health of the links and not by `connected`: a proxy may accept connections and drop them
   * at once, again and again.
   */
  #noteLinks(links: InstanceStatus['links']): void {
    const before = this.#links;
    this.#links = links;
    for (const [link, health] of Object.entries(links)) {
      if (before[link] !== health) this.#note({ at: this.#timers.epochNow(), kind: 'link', link, isUp: health === 'up' });
    }
  }

  #statusMessage(): FleetMessage & { readonly kind: 'status' } {
    return { kind: 'status', from: this.id, status: fitting(this.status()) };
  }

  /**
   * Sends the status now, or as soon as the last one is old enough; one status then serves
   * all who asked meanwhile.
   */
  #tellStatus(): void {
    this.#isStatusDue = this.#resting !== undefined;
    if (this.#isStatusDue) return;
    this.#resting = this.#timers
      .after(LEAST_BETWEEN_STATUSES_MS, () => {
        this.#resting = undefined;
        if (this.#isStatusDue) this.#tellStatus();
      })
      .unref();
    const message = this.#statusMessage();
    this.#noteLinks(message.status.links);
    this.#tellNeighbours(message);
    if (this.#isWatched()) this.#options.publish(formatFleetMessage(message)).catch(() => undefined); // The next one is due in a second.
  }

  /** Tells the present neighbours, without those that come or go meanwhile. */
  #tellNeighbours(message: FleetMessage): void {
    for (const neighbour of [...this.#neighbours]) if (this.#neighbours.has(neighbour)) neighbour(message);
  }

  /** Tells neighbours at once, and the others together with what follows. */
  #note(entry: FeedEntry): void {
    this.#tellNeighbours({ kind: 'feed', from: this.id, entries: [entry], lost: 0 });
    this.#keep([entry]);
  }

  #keep(entries: readonly FeedEntry[]): void {
    this.#waiting.push(...entries);
    const excess = this.#waiting.length - MAXIMUM_WAITING;
    if (excess > 0) {
      this.#waiting.splice(0, excess);
      this.#lost += excess;
    }
    this.#gathering ??= this.#timers.after(GATHER_MS, () => void this.#tellWaiting()).unref();
  }

  async #tellWaiting(): Promise<void> {
    this.#gathering = undefined;
    const entries = this.#waiting;
    const lost = this.#lost;
    this.#waiting = [];
    this.#lost = 0;
    if (!this.#isWatched()) return;
    let told = 0;
    try {
      for (const { message, count } of feedMessages(this.id, entries, lost)) {
        await this.#options.publish(message);
        told += count;
      }
    } catch {
      // The link is away. What happens now is interesting, so it is kept and sent when the link is back.
      if (!this.isActive) return;
      if (told === 0) this.#lost += lost;
      this.#waiting = entries.slice(told).concat(this.#waiting);
      this.#gathering ??= this.#timers.after(REPORT_EVERY_MS, () => void this.#tellWaiting()).unref();
    }
  }
}

/** One message, or several where one would be too long. The first one tells `lost`. */
function feedMessages(from: string, entries: readonly FeedEntry[], lost: number): readonly { message: string; count: number }[] {
  const message = formatFleetMessage({ kind: 'feed', from, entries, lost });
  if (message.length <= MAXIMUM_FLEET_MESSAGE_LENGTH || entries.length === 1) return [{ message, count: entries.length }];
  const half = Math.ceil(entries.length / 2);
  return [...feedMessages(from, entries.slice(0, half), lost), ...feedMessages(from, entries.slice(half), 0)];
}

const shorten = (text: string): string =>
  text.length <= MAXIMUM_FEED_KEY_LENGTH ? text : `${text.slice(0, MAXIMUM_FEED_KEY_LENGTH - 1)}…`;

/** As many keys or tags as are told. */
const firstOf = (texts: readonly string[]): readonly string[] => texts.slice(0, MAXIMUM_FEED_KEYS).map(shorten);

/** The fields that have a value. */
const known = <T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> | undefined } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;

const figures = (statistics: object): Record<string, number | string> =>
  Object.fromEntries(
    Object.entries(statistics).filter(([, value]) => (typeof value === 'number' ? Number.isFinite(value) : typeof value === 'string')),
  );
