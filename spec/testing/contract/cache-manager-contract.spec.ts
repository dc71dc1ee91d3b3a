import { expect } from 'chai';
import { type CacheManager, CompositeCacheManager, NoOpCacheManager, TwoTierCacheManager } from '../../../lib/cache/index.js';
import { createInstance } from '../../../lib/instance/cache-instance.js';
import { type CacheManagerContractOptions, describeCacheManagerContract } from '../../../lib/testing/index.js';
import { mochaRunner } from '../../contract/mocha-runner.js';
import { MapCache, MapCacheManager } from '../../support/map-cache.js';
import { DeclaredTests } from './declared-tests.js';

const NAMES = ['book', 'author'] as const;
let namespaces = 0;

type Features = CacheManagerContractOptions<CacheManager>['features'];
const managers: Readonly<Record<string, readonly [make: () => CacheManager, features?: Features]>> = {
  [MapCacheManager.name]: [() => new MapCacheManager(), { refusal: false }],
  [`${MapCacheManager.name} with names`]: [() => new MapCacheManager(NAMES), { refusal: false, dynamic: false }],
  [NoOpCacheManager.name]: [() => new NoOpCacheManager(), { refusal: false, values: false }],
  [CompositeCacheManager.name]: [
    () => new CompositeCacheManager([new MapCacheManager(['book']), new MapCacheManager(['author'])]),
    { refusal: false, dynamic: false },
  ],
  [`${TwoTierCacheManager.name}, embedded`]: [() => createInstance({ namespace: `managers-${(namespaces += 1)}` }).manager],
  [`${TwoTierCacheManager.name}, embedded, not dynamic`]: [
    () => createInstance({ namespace: `managers-${(namespaces += 1)}`, dynamic: false, caches: { book: {}, author: {} } }).manager,
    { dynamic: false },
  ],
};

for (const [name, [make, features]] of Object.entries(managers)) describeCacheManagerContract(make, { ...mochaRunner, name, features });

class MakesAnew extends MapCacheManager {
  override getCache(name: string): MapCache {
    return new MapCache(name);
  }
}

class KnowsNoNames extends MapCacheManager {
  override get cacheNames(): readonly string[] {
    return [];
  }
}

class FailsToStopTwice extends MapCacheManager {
  #isStopped = false;

  override async stop(): Promise<void> {
    if (this.#isStopped) throw new Error('Stopped already.');
    this.#isStopped = true;
  }
}

class KnowsProperties extends MapCacheManager {
  override getCache(name: string): MapCache | undefined {
    return ({ book: super.getCache('book'), author: super.getCache('author') } as Record<string, MapCache | undefined>)[name];
  }
}

describe(describeCacheManagerContract.name, () => {
  const mutants: readonly (readonly [make: () => CacheManager, foundBy: string, features?: Features])[] = [
    [() => new MakesAnew(), 'gives the same cache for a name at every call, before its start as well'],
    [() => new KnowsNoNames(), 'lists the names that it knows, each once'],
    [() => new KnowsNoNames(), 'clears all of them'],
    [() => new FailsToStopTwice(), 'may be started and stopped twice, and stopped without a start'],
    [() => new KnowsProperties(NAMES), 'refuses unknown names', { dynamic: false }],
    [() => new MapCacheManager(), 'refuses writes once it was stopped', {}],
  ];
  for (const [make, foundBy, features = { refusal: false }] of mutants) {
    it(`finds a fault: ${make().constructor.name} fails where a manager ${foundBy}`, async () => {
      const declared = new DeclaredTests();
      describeCacheManagerContract(make, { describe: declared.describe, it: declared.it, features });
      expect(await declared.failures([foundBy])).to.deep.equal([foundBy]);
    });
  }
});
