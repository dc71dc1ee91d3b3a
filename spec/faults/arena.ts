import { setTimeout as pause } from 'node:timers/promises';
import type { Milliseconds } from '../../lib/time/index.js';
import type { RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';
import type { AbandonedWrites } from './abandoned-writes.js';
import type { FaultKind } from './fault-kind.js';
import type { Deployment } from './deployment.js';
import { monotonicNow } from './monotonic.js';
import { Oracle } from './oracle.js';
import type { Random } from '../support/random.js';
import { WorkerHandle } from './worker-handle.js';
import type { Flaw, Load, Report, WorkerFreshness, WorkerState } from './worker-protocol.js';

/** What an {@link Arena} is made of. */
export interface ArenaOptions {
  /** Where the caches are. Its end is not the arena's business. */
  readonly deployment: Deployment;
  readonly boundMs: Milliseconds;
  readonly random: Random;
  readonly workers: number;
  readonly keys: number;
  readonly hotKeys: number;
  /** How many of the keys are put instead of evicted, shared out among the {@link writers}. */
  readonly putKeys: number;
  readonly writers: number;
  /** The database: a server that nobody harms. */
  readonly database: RedisServer;
  /** `false`: the workers start although no server of the deployment is there. */
  readonly failFast: boolean;
  /** What every instance is called. Default: each has a name of its own. */
  readonly sharedName?: string | undefined;
  /** The bound of the worker with this number. Default: `boundMs`. */
  readonly boundOf?: FaultKind['boundOf'] | undefined;
  /** The life of an entry. Default: {@link LONG_LIFE_MS}. */
  readonly lifeMs?: Milliseconds | undefined;
  /** Default: nothing is served after its life. */
  readonly freshness?: WorkerFreshness | undefined;
  /** By how much the wall clock at each place is ahead. Default: they are right. */
  readonly clocksOffByMs?: readonly Milliseconds[] | undefined;
  /** What is wrong with the caches. Default: nothing. */
  readonly flaw?: Flaw | undefined;
}

/** Longer than any run. */
export const LONG_LIFE_MS: Milliseconds = 600_000;

/** The worker's place: it stays when the process in it is replaced. */
export interface Place {
  readonly number: number;
  worker: WorkerHandle;
}

/** Several processes that use one deployment, and the oracle that hears what they see. */
export class Arena {
  readonly options: ArenaOptions;
  readonly oracle: Oracle;
  /** What must not happen, in words. */
  readonly failures: string[] = [];
  readonly places: Place[] = [];
  /** What became of the writes whose writers were killed. `undefined`: that is not tried here. */
  abandoned: AbandonedWrites | undefined;
  #instances = 0;

  private constructor(options: ArenaOptions) {
    this.options = options;
    const { boundMs, freshness, lifeMs = LONG_LIFE_MS } = options;
    this.oracle = new Oracle({ boundMs, lifeMs: freshness?.staleIfError === undefined ? undefined : lifeMs });
  }

  /** Resolves once every worker is up. */
  static async open(options: ArenaOptions): Promise<Arena> {
    const arena = new Arena(options);
    try {
      await options.database.cli('FLUSHALL');
      for (let number = 0; number < options.workers; number += 1) {
        arena.places.push({ number, worker: arena.#fork(number) });
      }
      await Promise.all(arena.places.map(({ worker }) => worker.ready()));
    } catch (error) {
      await arena.close();
      throw error;
    }
    return arena;
  }

  /** Kills the process at `place` and puts a new one there. */
  async replace(place: Place): Promise<void> {
    await place.worker.crash();
    this.oracle.crashed(place.worker.settings.instance);
    place.worker = this.#fork(place.number);
    await place.worker.ready();
  }

  /**
   * Ends the process at `place` in order and puts a new one there.
   *
   * @param updates - how many are under way when it unbinds, all of which must be executed.
   * @param late - how many it calls after that, all of which must be refused. Only then are other instances allowed to miss them.
   */
  async restart(place: Place, updates: number, late: number): Promise<void> {
    const { worker } = place;
    const { instance } = worker.settings;
    const lost = await worker.ask('unbind', updates);
    if (lost > 0) this.failures.push(`${instance}: ${lost} updates under way were refused by the shutdown.`);
    const refused = await worker.ask('updateUnbound', late);
    if (refused < late) this.failures.push(`${instance}: ${late - refused} of ${late} updates after the shutdown were not told of it.`);
    await worker.close();
    place.worker = this.#fork(place.number);
    await place.worker.ready();
  }

  /** Gives every worker its load; the first of them write too. */
  async load(load: Load): Promise<void> {
    await Promise.all(this.places.map((place) => this.loadOne(place, load)));
  }

  /** The same for one of them. */
  async loadOne({ number, worker }: Place, load: Load): Promise<void> {
    await worker.ask('load', number < this.options.writers ? load : { ...load, writesPerSecond: 0 });
  }

  /**
   * Resolves once nothing is written any more, every worker says of itself that all is well, and a bound has passed since: what is stale
   * from then on stays so.
   */
  async settle(): Promise<void> {
    await this.each((worker) => worker.ask('stopWriting', undefined));
    await waitFor(async () => (await this.states()).every(({ isUp, isServing }) => isUp && isServing), {
      what: `every worker to be up again`,
      timeoutMs: 15_000,
      everyMs: 20,
    });
    const quietSince = monotonicNow();
    await waitFor(() => monotonicNow() > quietSince + this.options.boundMs, { what: 'a bound to pass', everyMs: 10 });
  }

  /** Keys of which some worker still returns what was evicted. */
  async permanentlyStale(): Promise<readonly number[]> {
    const newest = this.oracle.newestEvicted();
    const seen = await Promise.all(this.places.map(({ worker }) => worker.ask('readAll', undefined)));
    const isStale = (key: number): boolean => seen.some((versions) => (versions[key] as number) < (newest.get(key) ?? 0));
    return Array.from({ length: this.options.keys }, (_, key) => key).filter(isStale);
  }

  states(): Promise<WorkerState[]> {
    return Promise.all(this.places.map(({ worker }) => worker.ask('state', undefined)));
  }

  /** Ends the reads. Resolves to what the present workers know of themselves once the last is answered. */
  async stopReading(): Promise<readonly WorkerState[]> {
    await this.each((worker) => worker.ask('stopReading', undefined));
    await waitFor(async () => (await this.states()).every(({ underWay }) => underWay === 0), {
      what: 'the last reads to end',
      everyMs: 10,
    });
    return this.states();
  }

  each(action: (worker: WorkerHandle) => Promise<unknown>): Promise<unknown> {
    return Promise.all(this.places.map(({ worker }) => action(worker)));
  }

  /** Ends every process. */
  async close(): Promise<void> {
    const closing = Promise.allSettled(this.places.map(({ worker }) => worker.close()));
    const isClosed = await Promise.race([closing.then(() => true), pause(5_000, false, { ref: false })]);
    if (!isClosed) {
      this.failures.push('A worker did not end by itself.');
      await Promise.all(this.places.map(({ worker }) => worker.crash()));
    }
  }

  #fork(number: number): WorkerHandle {
    const { deployment, boundMs, random, keys, hotKeys, putKeys, writers, database, failFast } = this.options;
    const { sharedName, boundOf, lifeMs, freshness, clocksOffByMs, flaw } = this.options;
    const ownPutKeys = Array.from({ length: putKeys }, (_, i) => i)
      .filter((i) => i % writers === number)
      .map((i) => keys - 1 - i);
    const instance = `w${(this.#instances += 1)}`;
    const seed = random.below(2 ** 32);
    return new WorkerHandle(
      {
        instance,
        name: sharedName ?? instance,
        redis: deployment.redisOf(number),
        databasePort: database.port,
        boundMs: boundOf?.(number, boundMs) ?? boundMs,
        seed,
        keys,
        hotKeys,
        putKeys,
        ownPutKeys,
        lifeMs: lifeMs ?? LONG_LIFE_MS,
        freshness,
        clockOffByMs: clocksOffByMs?.[number] ?? 0,
        failFast,
        flaw,
      },
      (report) => this.#told(instance, report),
    );
  }

  #told(instance: string, report: Report): void {
    if (report.kind === 'reads') this.oracle.read(instance, report.records);
    else if (report.kind === 'failedReads') this.oracle.failed(report.records);
    else if (report.kind === 'eviction') this.oracle.evicted(report.record);
    else if (report.kind === 'recovered') this.oracle.recovered(instance, report.at);
    else if (report.kind === 'failure') this.failures.push(`${instance}: ${report.what}`);
  }
}
