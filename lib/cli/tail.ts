import { defaultTopic, type EvictionMessage, nameOfOrigin, parseMessage } from '../eviction/index.js';
import { MAXIMUM_LINE_LENGTH, printable, printableJson, reasonOf } from '../errors/index.js';
import { type FeedEntry, type InstanceStatus, WATCHED_FOR_MS } from '../fleet/index.js';
import { type Milliseconds, systemClock } from '../time/index.js';
import { ChannelTopic, type Message } from '../topic/index.js';
import type { CommandLine } from './command-line.js';
import type { FleetLink } from './fleet-link.js';
import { nobodyOf } from './instances.js';
import { unknownToAll } from './known-caches.js';
import { firstOf, MAXIMUM_KEYS_PRINTED, milliseconds } from './table.js';
import { keyForPeople } from './typed-key.js';

/**
 * How long an eviction waits for the reports of the instances before it is printed without the missing ones.
 */
const AWAIT_MS: Milliseconds = 600;

/** The most evictions that wait at a time. Beyond it the oldest is printed as it is. */
const MAXIMUM_PENDING = 1_000;

/** The most topics that are followed: anybody can claim to be an instance and name topics. */
const MAXIMUM_TOPICS = 1_000;

/** How many instances that applied an eviction are printed for people. */
const MAXIMUM_INSTANCES_PRINTED = 200;

/** How many keys or tags are printed for programs: as many as an eviction can have. */
const MAXIMUM_KEYS = 1_000;

/** The reports of evictions. They are gathered, and printed with the announcement. */
type Applied = 'evicted' | 'tagsEvicted' | 'cleared';

interface Pending {
  readonly at: number;
  /** Counts the announcements, from 1. */
  readonly number: number;
  readonly message: EvictionMessage;
  readonly applied: Map<string, number | null>;
  timer: NodeJS.Timeout | undefined;
}

/** Prints evictions as they are announced, each after the instances have reported when they applied it. */
export class Tail {
  readonly #line: CommandLine;
  readonly #link: FleetLink;
  readonly #print: (line: string) => void;
  readonly #complain: (line: string) => void;
  readonly #topics = new Set<string>();
  /** The caches that an instance has, or that an eviction was announced of. Bounded by what is asked for. */
  readonly #seen = new Set<string>();
  readonly #instances = new Map<string, InstanceStatus>();
  /**
   * The number of the last announcement before an instance was first heard on the present connection. The
   * instance would have told of later ones.
   */
  readonly #reportsSince = new Map<string, number>();
  readonly #pending = new Map<string, Pending>();
  #announcements = 0;
  /**
   * Evictions that were applied before their announcement reached us: two connections keep no common order.
   */
  readonly #early = new Map<string, Map<string, number | null>>();
  readonly #onMessage = (message: Message): void => this.#announced(message);

  constructor(line: CommandLine, link: FleetLink, print: (line: string) => void, complain: (line: string) => void) {
    this.#complain = complain;
    this.#line = line;
    this.#link = link;
    this.#print = print;
  }

  /**
   * Follows until `end`. A connection that is lost later comes back by itself.
   *
   * @returns the exit code: `1` if it was asked for a cache that it has never seen.
   * @throws {CacheError} when Redis cannot be reached at the beginning.
   */
  async run(end: Promise<void>): Promise<number> {
    const { namespace, caches, topic, timeoutMs } = this.#line;
    const stop = this.#link.watch.watch({
      onStatus: (status) => this.#met(status),
      onFeed: (instance, entries) => entries.forEach((entry) => this.#told(instance, entry)),
      onGone: (instance) => {
        this.#instances.delete(instance);
        this.#reportsSince.delete(instance);
      },
    });
    try {
      const asked = this.#link.watch.ask(timeoutMs);
      const answers = await Promise.race([asked, end]);
      if (answers?.length === 0) this.#complain(`${nobodyOf(this.#line, this.#link)} Waiting for one.`);
      this.#link.observe((isUp, error) => this.#linked(isUp, error));
      for (const text of unknownToAll(this.#line, [...this.#instances.values()])) this.#complain(text);
      this.#link.events.on('error', ({ where, error }) => this.#complain(`${where}: ${reasonOf(error)}`));
      for (const cache of caches) await this.#follow(topic ?? defaultTopic(namespace, cache, this.#link.database));
      await end;
      return caches.every((cache) => this.#seen.has(cache)) ? 0 : 1;
    } finally {
      stop();
      for (const pending of this.#pending.values()) this.#tell(pending);
    }
  }

  /** Learns the topics of the caches from an instance, also topics of their own. */
  #met(status: InstanceStatus): void {
    this.#instances.set(status.id, status);
    if (!this.#reportsSince.has(status.id)) this.#reportsSince.set(status.id, this.#announcements);
    for (const [cache, { topic }] of Object.entries(status.caches)) {
      if (!this.#isWanted(cache)) continue;
      this.#see(cache);
      if (topic !== undefined) this.#follow(topic).catch((error: unknown) => this.#failed(topic, error));
    }
  }

  /** The own connection was lost, or is back. What an instance told before says nothing any more. */
  #linked(isUp: boolean, error: unknown): void {
    if (!isUp) this.#reportsSince.clear();
    const at = Date.now();
    const reason = isUp || error === undefined ? {} : { error: reasonOf(error) };
    if (this.#line.isJson) return this.#print(printableJson({ at: new Date(at).toISOString(), kind: 'connection', isUp, ...reason }));
    const what = isUp ? 'has its own connection to Redis again' : 'lost its own connection to Redis';
    this.#print(printable(`${timeOf(at)}  tail ${what}${reason.error === undefined ? '' : `: ${reason.error}`}`, MAXIMUM_LINE_LENGTH));
  }

  #see(cache: string): void {
    if (this.#line.caches.includes(cache)) this.#seen.add(cache);
  }

  async #follow(topic: string): Promise<void> {
    if (this.#topics.has(topic) || this.#topics.size >= MAXIMUM_TOPICS) return;
    this.#topics.add(topic);
    await this.#link.listeners.addMessageListener(this.#onMessage, ChannelTopic.of(topic));
  }

  /**
   * Reports once per topic: an instance may repeat a wrong one with every status. Does not report that a
   * server is away, because the listener stays for its return.
   */
  #failed(topic: string, error: unknown): void {
    this.#link.events.emit('error', { where: `subscription of '${topic}'`, error });
  }

  #isWanted(cache: string): boolean {
    return this.#line.caches.length === 0 || this.#line.caches.includes(cache);
  }

  #announced({ body }: Message): void {
    const message = parseMessage(body);
    if ('malformed' in message || message.ns !== this.#line.namespace || !this.#isWanted(message.cache)) return;
    this.#see(message.cache);
    // After a pause of this process, for instance: nobody asked the instances to report.
    if (systemClock.now() - this.#link.askedAt > WATCHED_FOR_MS) this.#reportsSince.clear();
    const id = idOf(message.cache, message.seq, nameOfOrigin(message.origin));
    const pending: Pending = {
      at: Date.now(),
      number: (this.#announcements += 1),
      message,
      applied: this.#early.get(id) ?? new Map<string, number | null>(),
      timer: undefined,
    };
    this.#early.delete(id);
    this.#pending.set(id, pending);
    pending.timer = setTimeout(() => this.#tell(pending), AWAIT_MS);
    if (this.#pending.size > MAXIMUM_PENDING) this.#tell([...this.#pending.values()][0] as Pending);
    this.#look(pending);
  }

  #told(instance: string, entry: FeedEntry): void {
    if (entry.kind === 'evicted' || entry.kind === 'tagsEvicted' || entry.kind === 'cleared') {
      const { cache, seq, origin, lagMs } = entry;
      if (seq === undefined || origin === undefined || !this.#isWanted(cache)) return;
      const id = idOf(cache, seq, origin);
      const pending = this.#pending.get(id);
      if (pending !== undefined) {
        pending.applied.set(instance, lagMs ?? null);
        this.#look(pending);
        return;
      }
      const early = this.#early.get(id) ?? new Map<string, number | null>();
      this.#early.set(id, early.set(instance, lagMs ?? null));
      if (this.#early.size > 1_000) this.#early.delete(this.#early.keys().next().value as string);
    } else if (entry.kind === 'link' || this.#isWanted(entry.cache)) this.#tellEvent(instance, entry);
  }

  /** The instances that have the cache and have not reported yet. */
  #missing({ message, applied }: Pending): readonly string[] {
    return [...this.#instances.values()].filter(({ id, caches }) => message.cache in caches && !applied.has(id)).map(({ id }) => id);
  }

  /** Whether the instance would have told of this eviction, had it heard it. */
  #wouldTell(id: string, { number }: Pending): boolean {
    return (this.#reportsSince.get(id) ?? Number.POSITIVE_INFINITY) < number;
  }

  #look(pending: Pending): void {
    if (this.#instances.size > 0 && this.#missing(pending).length === 0) this.#tell(pending);
  }

  #tell(pending: Pending): void {
    const { at, message, applied, timer } = pending;
    const { cache, op, keys, tags, seq } = message;
    const named = tags ?? keys;
    const origin = nameOfOrigin(message.origin);
    clearTimeout(timer);
    this.#pending.delete(idOf(cache, seq, origin));
    const silent = this.#missing(pending);
    const missing = silent.filter((id) => this.#wouldTell(id, pending));
    const untold = silent.filter((id) => !this.#wouldTell(id, pending));
    if (this.#line.isJson) {
      const lags = Object.fromEntries([...applied].sort());
      return this.#print(
        printableJson({
          at: new Date(at).toISOString(),
          kind: 'eviction',
          cache,
          op,
          keys: keys.slice(0, MAXIMUM_KEYS),
          ...(tags === undefined ? {} : { tags: tags.slice(0, MAXIMUM_KEYS) }),
          ...(named.length > MAXIMUM_KEYS ? { count: named.length } : {}),
          origin,
          seq,
          appliedMs: lags,
          missing,
          untold,
        }),
      );
    }
    const all = [
      ...[...applied].sort().map(([id, lag]) => [id, milliseconds(lag ?? undefined)] as const),
      ...missing.map((id) => [id, 'not heard'] as const),
      ...untold.map((id) => [id, 'did not tell'] as const),
    ];
    const how = op === 'evictTagged' ? 'evict by tag' : op.padEnd(5);
    const what = op === 'clear' ? 'all' : firstOf(named, MAXIMUM_KEYS_PRINTED, ' ', (key) => keyForPeople(key));
    const where =
      all.length === 0 ? 'no instance told of it' : firstOf(all, MAXIMUM_INSTANCES_PRINTED, ', ', ([id, how]) => `${printable(id)} ${how}`);
    this.#print(`${timeOf(at)}  ${printable(cache)}  ${how}  ${what}  by ${printable(origin)}  ${where}`);
  }

  #tellEvent(instance: string, entry: Exclude<FeedEntry, { kind: Applied }>): void {
    if (this.#line.isJson) return this.#print(printableJson({ ...entry, at: new Date(entry.at).toISOString(), instance }));
    this.#print(printable(`${timeOf(entry.at)}  ${instance}  ${describe(entry)}`, MAXIMUM_LINE_LENGTH));
  }
}

function describe(entry: Exclude<FeedEntry, { kind: Applied }>): string {
  switch (entry.kind) {
    case 'bypass':
      return entry.active ? `bypasses the local tier of ${entry.cache}` : `serves the local tier of ${entry.cache} again`;
    case 'gap':
      return `${missedBy(entry)}, and emptied its local tier`;
    case 'link':
      return `${entry.isUp ? 'has' : 'lost'} its ${entry.link} link`;
  }
}

function missedBy({ cache, expected, received }: FeedEntry & { kind: 'gap' }): string {
  const last = received - 1;
  if (last === expected) return `missed message ${expected} of ${cache}`;
  return last > expected
    ? `missed messages ${expected} to ${last} of ${cache}`
    : `was told number ${received} of ${cache} where ${expected} was due`;
}

const idOf = (cache: string, seq: number, origin: string): string => `${cache}#${seq}#${origin}`;

function timeOf(at: number): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}
