import { deepEqual, equal, notEqual, ok, throws } from 'node:assert/strict';
import type { Cache, CacheManager } from '../../cache/index.js';
import { CacheError } from '../../errors/index.js';
import type { Duration } from '../../time/index.js';
import { endTest, leaveOut, type TestRunner } from './test-runner.js';
import { settled } from './waits.js';
import { codeOf } from './rejection.js';

/** Makes a cache manager that was not started. Called once for each test. */
export type MakeCacheManager<M extends CacheManager> = () => M | Promise<M>;

/**
 * What a cache manager may lack.
 *
 * - `dynamic`: it creates a cache for any name. Without it, unknown names are refused.
 * - `values`: its caches hold something.
 * - `refusal`: its caches refuse writes once it was stopped.
 */
export type CacheManagerFeature = 'dynamic' | 'values' | 'refusal';

/** The options of {@link describeCacheManagerContract}. */
export interface CacheManagerContractOptions<M extends CacheManager> extends TestRunner {
  /** What the titles begin with. Default: `'CacheManager'`. */
  readonly name?: string | undefined;
  /** Two names of caches that the manager has, or can create. Default: `['book', 'author']`. */
  readonly names?: readonly [string, string] | undefined;
  /** `false` for what the manager lacks. Default: it lacks nothing. */
  readonly features?: { readonly [Feature in CacheManagerFeature]?: boolean | undefined } | undefined;
  /**
   * How long one test may take, for a call that never returns: test runners do not all end such a test.
   * Default: `'10s'`.
   */
  readonly timeout?: Duration | undefined;
  /** Ends a manager at the end of its test. Default: its method `stop`. */
  readonly stop?: ((manager: M) => unknown) | undefined;
}

/** Declares tests for one kind of manager. */
class ManagerStage<M extends CacheManager> {
  readonly names: readonly [string, string];
  readonly #make: MakeCacheManager<M>;
  readonly #options: CacheManagerContractOptions<M>;

  constructor(make: MakeCacheManager<M>, options: CacheManagerContractOptions<M>) {
    this.names = options.names ?? ['book', 'author'];
    this.#make = make;
    this.#options = options;
  }

  has(feature: CacheManagerFeature): boolean {
    return this.#options.features?.[feature] !== false;
  }

  it(title: string, test: (manager: CacheManager) => void | Promise<void>): void {
    this.#options.it(title, async () => {
      const manager = await this.#make();
      try {
        await settled((async () => test(manager))(), 'the end of the test: a call of the manager does not return', this.#options.timeout);
      } finally {
        await endTest(manager, this.#options.stop);
      }
    });
  }

  itNeeds(feature: CacheManagerFeature, title: string, test: (manager: CacheManager) => void | Promise<void>): void {
    if (this.has(feature)) this.it(title, test);
    else leaveOut(this.#options, title, `no ${feature}`);
  }
}

/**
 * Declares the tests that every {@link CacheManager} has to pass, for one of your own. See
 * {@link describeCacheContract} for its caches.
 *
 * @param make - makes a manager that was not started, once for each test.
 */
export function describeCacheManagerContract<M extends CacheManager>(
  make: MakeCacheManager<M>,
  options: CacheManagerContractOptions<M>,
): void {
  const stage = new ManagerStage(make, options);
  options.describe(`${options.name ?? 'CacheManager'} (cache manager contract)`, () => {
    describeNames(stage, options);
    describeCaches(stage);
    describeLife(stage);
  });
}

function describeNames<M extends CacheManager>(stage: ManagerStage<M>, options: TestRunner): void {
  const [one, other] = stage.names;

  stage.it('gives the same cache for a name at every call, before its start as well', async (manager) => {
    const cache = manager.getCache(one);
    equal(cache?.name, one);
    await manager.start();
    equal(manager.getCache(one), cache);
    equal(manager.cache(one), cache);
    notEqual(manager.getCache(other), cache);
  });

  stage.it('lists the names that it knows, each once', (manager) => {
    for (const name of [one, other, one]) manager.getCache(name);
    deepEqual([...manager.cacheNames].filter((name) => name === one || name === other).sort(), [one, other].sort());
  });

  stage.itNeeds('dynamic', 'creates a cache for any name', (manager) => {
    for (const name of ['another', 'of.several.parts', 'a-3']) equal(manager.getCache(name)?.name, name);
  });

  if (stage.has('dynamic')) return leaveOut(options, 'refuses unknown names', 'it is dynamic');

  stage.it('refuses unknown names', (manager) => {
    for (const name of ['no such cache', 'constructor', '__proto__']) {
      equal(manager.getCache(name), undefined);
      // prettier-ignore
      throws(() => manager.cache(name), (error) => CacheError.is(error) && error.code === 'CACHE_NAME_UNKNOWN');
      ok(!manager.cacheNames.includes(name));
    }
  });
}

function describeCaches<M extends CacheManager>(stage: ManagerStage<M>): void {
  const both = (manager: CacheManager): readonly [Cache, Cache] => [manager.cache(stage.names[0]), manager.cache(stage.names[1])];
  const held = async (caches: readonly Cache[]): Promise<readonly unknown[]> =>
    Promise.all(caches.map(async (cache) => (await cache.get('Dune'))?.value));

  stage.itNeeds('values', 'keeps its caches apart', async (manager) => {
    await manager.start();
    const [one, other] = both(manager);
    await one.put('Dune', 1);
    deepEqual(await held([one, other]), [1, undefined]);
    await other.put('Dune', 2);
    await one.clear();
    deepEqual(await held([one, other]), [undefined, 2]);
  });

  stage.itNeeds('values', 'clears all of them', async (manager) => {
    await manager.start();
    for (const cache of both(manager)) await cache.put('Dune', 1);
    await manager.clearAll();
    deepEqual(await held(both(manager)), [undefined, undefined]);
  });

  stage.it('reports the health and the statistics of the caches that it knows, by name', async (manager) => {
    await manager.start();
    const names = both(manager).map(({ name }) => name);
    const { status, links, caches } = manager.health();
    const states = [status, ...Object.values(links), ...Object.values(caches).map((cache) => cache.status)];
    deepEqual(states.filter((state) => !['up', 'degraded', 'down'].includes(state)), []); // prettier-ignore
    for (const name of names) ok(Object.hasOwn(manager.statistics(), name), `statistics of '${name}'`);
    manager.resetStatistics();
  });
}

function describeLife<M extends CacheManager>(stage: ManagerStage<M>): void {
  stage.it('may be started and stopped twice, and stopped without a start', async (manager) => {
    await manager.stop();
    await manager.stop();
  });

  stage.it('answers reads once it was stopped, by their loaders', async (manager) => {
    await Promise.all([manager.start(), manager.start()]);
    const cache = manager.cache(stage.names[0]);
    await Promise.all([manager.stop(), manager.stop()]);
    equal(await cache.getOrLoad('Dune', () => 'loaded'), 'loaded');
    deepEqual([...(await cache.getAllOrLoad(['Dune', 'Emma'], (keys) => keys.map(() => 'loaded'))).values()], ['loaded', 'loaded']);
  });

  stage.itNeeds('refusal', 'refuses writes once it was stopped', async (manager) => {
    await manager.start();
    const cache = manager.cache(stage.names[0]);
    await manager.stop();
    for (const write of [cache.put('Dune', 1), cache.evict('Dune'), cache.clear()]) equal(await codeOf(write), 'CACHE_STOPPED');
  });
}
