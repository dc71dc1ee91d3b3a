import { randomUUID } from 'node:crypto';
import { CacheConfigurationError } from '../errors/index.js';
import { type Clock, type Milliseconds, type Timer, type Timers, timersOf } from '../time/index.js';
import { type FeedEntry, type FleetMessage, formatFleetMessage, type InstanceStatus, parseFleetMessage } from './fleet-message.js';
import { type FleetReporter, REPORT_EVERY_MS } from './fleet-reporter.js';

/** What the watcher knows about one instance. */
export interface InstanceView {
  readonly status: InstanceStatus;
  /** How old this status is. */
  readonly agoMs: Milliseconds;
  /**
   * Whether its status is overdue: the instance, its link or ours is in trouble. Its read lease ends
   * at most one bound later.
   */
  readonly isSilent: boolean;
  /** Whether it is the watching instance itself, in this process. */
  readonly isSelf: boolean;
}

/** What a {@link FleetWatch} tells an observer. None of these may throw. */
export interface FleetObserver {
  /** An instance sent its status. */
  readonly onStatus?: ((status: InstanceStatus) => void) | undefined;
  /** Something happened in an instance. `lost`: how many more entries were dropped. */
  readonly onFeed?: ((instance: string, entries: readonly FeedEntry[], lost: number) => void) | undefined;
  /** An instance has ended. */
  readonly onGone?: ((instance: string) => void) | undefined;
  /** The watching instance was stopped, and watching ended with it. */
  readonly onEnd?: (() => void) | undefined;
}

/** What watching needs from outside: the two topics of the fleet. */
export interface FleetPort {
  /**
   * Asks the fleet. Resolves with the number of instances that got the question, as the broker counts them.
   */
  ask(message: string): Promise<number>;
  /**
   * Passes on the answers of the fleet. Resolves with a function that ends it, once
   * answers are sure to arrive.
   */
  listen(heard: (message: string) => void): Promise<() => Promise<void>>;
}

/** The collaborators of a {@link FleetWatch}. */
export interface FleetWatchOptions {
  /** `undefined`: there is no fleet, only {@link self}. */
  readonly port?: FleetPort | undefined;
  /**
   * The instance of this process, which is heard without a topic. `undefined`: the
   * watcher is not an instance.
   */
  readonly self?: FleetReporter | undefined;
  readonly clock: Clock;
  /** Called for messages that mean nothing, and for topics that could not be reached. */
  readonly failed?: ((where: string, error: unknown) => void) | undefined;
}

/** An instance is silent when its last message is older than this. */
export const SILENT_AFTER_MS: Milliseconds = 2.5 * REPORT_EVERY_MS;

/** An instance is forgotten when its last message is older than this. */
const FORGOTTEN_AFTER_MS: Milliseconds = 120_000;

const ASK_EVERY_MS: Milliseconds = 3_000;

/** The most instances that are followed. Later ones are ignored. */
const MAXIMUM_INSTANCES = 1_000;

/**
 * The most characters of all the newest statuses together. An instance that would exceed
 * it is not followed either.
 */
const MAXIMUM_HELD_LENGTH = 64 * 1024 * 1024;

const byName = new Intl.Collator('en', { numeric: true });

/**
 * The fleet as one process sees it. It asks only while it has observers. Everything but
 * {@link FleetWatchOptions.self} comes from outside: trust a text in it as little as a key.
 */
export class FleetWatch {
  readonly #options: FleetWatchOptions;
  readonly #timers: Timers;
  readonly #name = `watch-${randomUUID().slice(0, 13)}`;
  readonly #observers = new Set<FleetObserver>();
  /** The instance that has been silent for longest comes first. */
  readonly #instances = new Map<string, { readonly status: InstanceStatus; readonly at: Milliseconds; readonly length: number }>();
  readonly #toldMalformed = new Set<string>();
  #heldLength = 0;
  #asking: Timer | undefined;
  #isHeard: Promise<void> | undefined;
  #ending: Promise<void> = Promise.resolve();
  #unlisten: (() => Promise<void>) | undefined;
  #forsake: (() => void) | undefined;
  /** Identifies the time from a first observer to the last one. */
  #session: symbol | undefined;
  #isStopped = false;

  constructor(options: FleetWatchOptions) {
    this.#options = options;
    this.#timers = timersOf(options.clock);
  }

  /**
   * The present state of the watching instance. @throws {CacheConfigurationError} if the
   * watcher is not an instance.
   */
  get self(): InstanceStatus {
    const { self } = this.#options;
    if (self === undefined)
      throw new CacheConfigurationError('CACHE_OPERATION_INVALID', 'This watcher of the fleet is not an instance itself.');
    return self.status();
  }

  /** Whether it is asking. */
  get isWatching(): boolean {
    return this.#observers.size > 0;
  }

  /** Tells `observer` until the returned function is called. */
  watch(observer: FleetObserver): () => void {
    if (this.#isStopped) {
      observer.onEnd?.();
      return () => undefined;
    }
    const isFirst = this.#observers.size === 0;
    this.#observers.add(observer);
    if (isFirst) this.#begin();
    else for (const { status } of [...this.#instances.values()]) observer.onStatus?.(status); // It may cause other statuses.
    return () => {
      if (this.#observers.delete(observer) && this.#observers.size === 0 && !this.#isStopped) this.#end();
    };
  }

  /** What is known now, by id. It is out of date while nobody watches. */
  instances(): readonly InstanceView[] {
    const now = this.#options.clock.now();
    this.#forgetSilent(now);
    return [...this.#instances.values()]
      .map(({ status, at }) => {
        const agoMs = Math.max(0, now - at);
        return { status, agoMs, isSilent: agoMs > SILENT_AFTER_MS, isSelf: status.id === this.#options.self?.id };
      })
      .sort((a, b) => byName.compare(a.status.id, b.status.id));
  }

  /**
   * Asks every instance once and resolves with the answers: as soon as as many have answered as got the
   * question, and at the latest after `timeoutMs`. On a Redis Cluster the node that took the question counts.
   *
   * @throws {CacheError} when the question could not be sent.
   */
  async ask(timeoutMs: Milliseconds): Promise<readonly InstanceView[]> {
    const answered = new Set<string>();
    let look = (): void => undefined;
    const stop = this.watch({ onStatus: ({ id }) => void (answered.add(id), look()), onEnd: () => look() });
    try {
      await this.#isHeard;
      answered.clear();
      const asked = (await this.#options.port?.ask(this.#question(true))) ?? 0;
      if (this.#options.port === undefined || this.#isStopped) return this.instances();
      await new Promise<void>((resolve) => {
        const timer = this.#timers.after(timeoutMs, resolve);
        look = () => {
          if (!this.#isStopped && answered.size < asked) return;
          this.#timers.clear(timer);
          resolve();
        };
        look();
      });
      return this.instances().filter(({ status }) => answered.has(status.id));
    } finally {
      stop();
    }
  }

  /** Ends watching for good. Never rejects. */
  async stop(): Promise<void> {
    if (this.#isStopped) return this.#ending;
    this.#isStopped = true;
    const observers = [...this.#observers];
    if (observers.length > 0) this.#end();
    for (const observer of observers) if (this.#observers.delete(observer)) observer.onEnd?.();
    await this.#ending;
  }

  #begin(): void {
    const { port, self } = this.#options;
    this.#instances.clear();
    this.#heldLength = 0;
    this.#session = Symbol('session');
    this.#isHeard = this.#listen(port, this.#session);
    this.#forsake = self?.tell((message) => this.#heard(message));
  }

  async #listen(port: FleetPort | undefined, session: symbol): Promise<void> {
    await this.#ending;
    if (port === undefined || this.#session !== session) return;
    try {
      const unlisten = await port.listen((body) => this.#arrived(body));
      if (this.#session !== session) return await unlisten();
      this.#unlisten = unlisten;
    } catch (error) {
      this.#fail('the answers of the fleet', error);
      if (this.#session !== session) return;
    }
    this.#asking = this.#timers.every(ASK_EVERY_MS, () => this.#askAgain(port, false));
    this.#asking.unref();
    this.#askAgain(port, true);
  }

  #askAgain(port: FleetPort, isFirst: boolean): void {
    port.ask(this.#question(isFirst)).catch((error: unknown) => this.#fail('the question to the fleet', error));
  }

  #question(isFirst: boolean): string {
    return formatFleetMessage({ kind: 'watch', from: this.#name, isFirst });
  }

  #end(): void {
    this.#session = undefined;
    this.#timers.clear(this.#asking);
    this.#asking = undefined;
    this.#forsake?.();
    this.#forsake = undefined;
    const unlisten = this.#unlisten;
    this.#unlisten = undefined;
    const heard = this.#isHeard ?? Promise.resolve();
    this.#ending = heard.then(unlisten).catch((error: unknown) => this.#fail('the answers of the fleet', error));
  }

  #arrived(body: string): void {
    const message = parseFleetMessage(body);
    if ('malformed' in message) return this.#tellMalformed(message.malformed);
    if (message.from === this.#options.self?.id) return; // The own instance was heard directly.
    this.#heard(message, body.length);
  }

  /** Once per reason, of which there are few: a faulty sender sends thousands of them. */
  #tellMalformed(reason: string): void {
    if (this.#toldMalformed.has(reason)) return;
    this.#toldMalformed.add(reason);
    this.#fail('a message of the fleet', new Error(reason));
  }

  #heard(message: FleetMessage, length = 0): void {
    if (message.kind === 'watch') return;
    if (message.kind === 'gone') this.#forget(message.from);
    if (message.kind === 'status' && !this.#follow(message.status, length)) return;
    for (const observer of [...this.#observers]) {
      if (!this.#observers.has(observer)) continue; // An earlier observer has ended it.
      if (message.kind === 'status') observer.onStatus?.(message.status);
      else if (message.kind === 'feed') observer.onFeed?.(message.from, message.entries, message.lost);
      else observer.onGone?.(message.from);
    }
  }

  /** Keeps the status. `false` if there is no room for it. */
  #follow(status: InstanceStatus, length: number): boolean {
    const now = this.#options.clock.now();
    this.#forget(status.id);
    this.#forgetSilent(now);
    if (this.#instances.size >= MAXIMUM_INSTANCES || this.#heldLength + length > MAXIMUM_HELD_LENGTH) return false;
    this.#instances.set(status.id, { status, at: now, length });
    this.#heldLength += length;
    return true;
  }

  #forget(id: string): void {
    this.#heldLength -= this.#instances.get(id)?.length ?? 0;
    this.#instances.delete(id);
  }

  #forgetSilent(now: Milliseconds): void {
    for (const [id, { at }] of this.#instances) {
      if (now - at <= FORGOTTEN_AFTER_MS) return;
      this.#forget(id);
    }
  }

  #fail(where: string, error: unknown): void {
    this.#options.failed?.(where, error);
  }
}
