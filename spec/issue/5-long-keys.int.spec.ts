/**
 * What happened: a key of more than 4096 bytes made every read of it fail: a search with a long list of filters answered 500.
 *
 * Decided: a long key is replaced by a digest of it, `~#` and SHA-256, in both tiers and in messages, so that people can evict by what they
 * see in a log. What takes more than 1 MiB when written out is no key: a read runs uncached and tells, a write tells that it was not done.
 */
import 'reflect-metadata';
import { expect } from 'chai';
import { Container, injectable } from 'inversify';
import { encodeKey, type TwoTierCache } from '../../lib/cache/index.js';
import { runCommandLine } from '../../lib/cli/run-command-line.js';
import { Cacheable, CacheEvents, CacheEvict, CacheKeyError, type CacheManager, CachePut, enableCaching } from '../../lib/index.js';
import { rejectionOf } from '../contract/rejection.js';
import { PATIENT } from '../support/patient.js';
import { ownNamespace, sharedRedis } from '../support/shared-redis.js';
import { waitFor } from '../support/wait.js';

interface Filter {
  readonly titles: readonly string[];
}

class Search {
  loads = 0;

  @Cacheable('search')
  async find(_filter: string | Filter): Promise<number> {
    return (this.loads += 1);
  }

  @CacheEvict('search')
  async forget(_filter: string | Filter): Promise<string> {
    return 'forgotten';
  }

  @CachePut('search')
  async save(_filter: string | Filter): Promise<string> {
    return 'saved';
  }
}
injectable()(Search);

const FILTER: Filter = { titles: Array.from({ length: 1_000 }, (_, i) => `title ${i}`) };
const MIB = 1_048_576;

describe('Issue 5: a long key', () => {
  const containers: Container[] = [];
  let namespace: string;

  const join = async (): Promise<{ search: Search; manager: CacheManager; errors: string[] }> => {
    const container = new Container();
    containers.push(container);
    container.bind(Search).toSelf().inSingletonScope();
    const manager = await enableCaching(container, { ...PATIENT, redis: (await sharedRedis()).url, namespace, caches: { search: {} } });
    const errors: string[] = [];
    container.get(CacheEvents).on('error', ({ where, error }) => void errors.push(`${where}: ${(error as CacheKeyError).code}`));
    return { search: container.get(Search), manager, errors };
  };
  const cacheOf = (manager: CacheManager): TwoTierCache => manager.getCache('search') as TwoTierCache;

  beforeEach(() => {
    namespace = ownNamespace('long-keys');
  });
  afterEach(async () => {
    for (const container of containers.splice(0)) await container.unbindAllAsync();
  });

  for (const [what, key] of [
    ['an object', FILTER],
    ['a string', 'ä'.repeat(5_000)],
  ] as const) {
    it(`(${what}) is cached in both tiers, and evicted everywhere`, async () => {
      const [one, other] = [await join(), await join()];
      expect([await one.search.find(key), await one.search.find(key), await other.search.find(key)]).to.deep.equal([1, 1, 1]);
      expect(cacheOf(one.manager).statistics()).to.include({ localHits: 1, loads: 1 });
      expect(cacheOf(other.manager).statistics()).to.include({ remoteHits: 1 });
      const digest = encodeKey(key);
      expect(digest).to.match(/^~#[\w-]{43}$/);
      const stored = (await (await sharedRedis()).cli('KEYS', `${namespace}:*:search:*::*`)) as string[];
      expect(stored.map((each) => each.slice(each.indexOf('::') + 2))).to.deep.equal([digest]);
      await other.search.forget(key);
      await waitFor(() => cacheOf(one.manager).statistics().remoteRemovals === 1, { what: 'the message' });
      expect(await one.search.find(key)).to.equal(2);
    });
  }

  it('differs from another one that ends differently', async () => {
    const { search } = await join();
    expect([await search.find('x'.repeat(5_000)), await search.find(`${'x'.repeat(4_999)}y`)]).to.deep.equal([1, 2]);
  });

  it('is evicted by its digest on the command line', async () => {
    const { search, manager } = await join();
    await search.find(FILTER);
    const out: string[] = [];
    const redis = (await sharedRedis()).url;
    const args = ['evict', '--redis', redis, '--namespace', namespace, '--cache', 'search', encodeKey(FILTER)];
    const io = { out: (text: string) => void out.push(text), err: (text: string) => void out.push(text), env: {} };
    expect(await runCommandLine(args, { ...io, interrupt: new AbortController().signal }), out.join('')).to.equal(0);
    expect(cacheOf(manager).statistics()).to.include({ localSize: 0 });
    expect(await search.find(FILTER)).to.equal(2);
  });

  for (const [what, key] of [
    ['a string', 'x'.repeat(MIB + 1)],
    ['a list', { titles: Array.from({ length: 200_000 }, () => 'title') }],
  ] as const) {
    it(`of more than 1 MiB (${what}) is none: a read runs uncached and tells, a write rejects with the result`, async () => {
      const { search, errors } = await join();
      expect([await search.find(key), await search.find(key)]).to.deep.equal([1, 2]);
      expect(new Set(errors)).to.deep.equal(new Set(["get in cache 'search': CACHE_KEY_TOO_LONG"]));
      for (const [write, result] of [
        [search.forget(key), 'forgotten'],
        [search.save(key), 'saved'],
      ] as const) {
        const error = (await rejectionOf(write)) as CacheKeyError;
        expect(error).to.be.an.instanceOf(CacheKeyError);
        expect([error.code, error.result]).to.deep.equal(['CACHE_KEY_TOO_LONG', result]);
        expect(error.message).to.match(/ on Search\.(forget|save), cache 'search'\)/);
      }
    });
  }

  it('that cannot be a key stays an error that names the method', async () => {
    const { search } = await join();
    const error = (await rejectionOf(search.find(new Map() as never))) as CacheKeyError;
    expect([error.code, / on Search\.find, /.test(error.message)]).to.deep.equal(['CACHE_KEY_UNSUPPORTED', true]);
  });
});
