/**
 * Found by writing into Redis what no `encode` writes: one entry of 60 bytes, a `Buffer` of a length, blocked the event loop for a minute and
 * was answered with zeros; a long bigint, for seconds. An own `__proto__`, a boxed string, `URLSearchParams`, or nesting of 5000 was read, and
 * then the local tier failed to copy or freeze it: the decorated call rejected, again and again, and a batch with such a key failed as a whole.
 *
 * An entry is now judged before anything is made of it, and refused if `encode` would have refused its value. It is a miss like any other.
 */
import { hitNow } from '../../lib/cache/index.js';
import 'reflect-metadata';
import { performance } from 'node:perf_hooks';
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import { Container, injectable } from 'inversify';
import { CacheManager, Cacheable, type CacheOptions, type CachingOptions, enableCaching } from '../../lib/index.js';
import { ended } from '../../lib/cache/value/envelope.js';
import { MAXIMUM_VALUE_DEPTH } from '../../lib/cache/value/rich-value.js';
import { Author, FOREIGN_ENTRIES } from '../cache/value/foreign-entries.js';
import { ownNamespace, sharedRedis } from '../support/shared-redis.js';
import { Bookkeeping } from '../support/bookkeeping.js';
import type { RedisServer } from '../support/redis-server.js';

const LIMIT = 300_000;
const ENTRIES = { ...FOREIGN_ENTRIES, 'more than is allowed': JSON.stringify({ value: 'x'.repeat(LIMIT) }) };
const HEALED = { title: 'Dune' };

class Books {
  loads: string[] = [];

  @Cacheable('book')
  async find(title: string): Promise<unknown> {
    this.loads.push(title);
    return HEALED;
  }
}
injectable()(Books);

for (const copy of ['share', 'freeze', 'clone'] as const) {
  describe(`Issue 1: entries that nobody can have written, with \`copy: '${copy}'\``, function () {
    this.timeout(60_000);

    let server: RedisServer;
    let namespace: string;
    const containers: Container[] = [];

    const join = async (book: CacheOptions = {}): Promise<{ books: Books; manager: CacheManager }> => {
      const container = new Container();
      containers.push(container);
      container.bind(Books).toSelf().inSingletonScope();
      const options: CachingOptions = { redis: server.url, namespace, timeout: '5s', deadline: '10s', bound: '60s' };
      const manager = await enableCaching(container, {
        ...options,
        caches: { book: { copy, type: Author, maximumValueSize: LIMIT, ...book } },
      });
      return { books: container.get(Books), manager };
    };
    const rawKey = (key: string): Promise<string> => new Bookkeeping(server, namespace).data(key);

    beforeEach(async () => {
      server = await sharedRedis();
      namespace = ownNamespace('foreign');
    });

    afterEach(async () => {
      for (const container of containers.splice(0)) await container.unbindAllAsync();
    });

    it('are misses to the decorated call, and replaced by it', async () => {
      const { books, manager } = await join();
      const cache = manager.getCache('book')!;
      await cache.clear();
      const names = Object.keys(ENTRIES);
      for (const name of names) await server.cli('SET', await rawKey(name), ENTRIES[name as keyof typeof ENTRIES]);
      const before = performance.eventLoopUtilization();
      for (const name of names) expect(await books.find(name), name).to.deep.equal(HEALED);
      // All of them: one alone took a minute.
      expect(performance.eventLoopUtilization(before).active, 'time in the event loop').to.be.lessThan(10_000);
      expect(books.loads).to.deep.equal(names);
      expect(cache.statistics()).to.include({ misses: names.length, fills: names.length, remoteHits: 0, breaker: 'closed' });
      // Not counted: what has another type, and what is over, so that nobody looks into it.
      expect(cache.statistics().remoteFailures).to.be.at.least(names.length - 2);
      for (const name of names)
        expect(await server.cli('GET', await rawKey(name)), name).to.match(/^\{"value":\{"title":"Dune"\},"life":60000,"end":\d{13}\}$/);

      const { books: others } = await join();
      for (const name of names) expect(await others.find(name), name).to.deep.equal(HEALED);
      expect(others.loads).to.deep.equal([]);
    });

    it('are misses to `get`, `getAll` and `putIfAbsent`, and hide nothing beside them', async () => {
      const { manager } = await join();
      const cache = manager.getCache('book')!;
      await cache.clear();
      await cache.put('good', HEALED);
      const names = Object.keys(ENTRIES);
      for (const name of names) await server.cli('SET', await rawKey(name), ENTRIES[name as keyof typeof ENTRIES]);
      expect(await cache.getAll([...names, 'good'])).to.deep.equal([...names.map(() => undefined), { value: HEALED }]);
      for (const name of names) {
        expect(await cache.get(name), name).to.equal(undefined);
        expect(await cache.putIfAbsent(name, HEALED), name).to.equal(undefined);
        expect(await cache.putIfAbsent(name, 'too late'), name).to.deep.equal({ value: HEALED });
      }
    });

    it('may be strange, and yet be kept: what encode would write is served by both tiers', async () => {
      const { books, manager } = await join();
      const cache = manager.getCache('book')!;
      await cache.clear();
      const deep = '['.repeat(MAXIMUM_VALUE_DEPTH + 1) + ']'.repeat(MAXIMUM_VALUE_DEPTH + 1);
      const kept: Record<string, string> = {
        nesting: `{"value":${deep}}`,
        'an array without end': '{"devalue":[[-7,4294967295]]}',
        'a name': '{"value":{"constructor":1,"then":2,"toJSON":3}}',
        'an instance': '{"typed":"value","value":{"constructor":1,"name":[]}}',
        'a colon in front': '{"value":":base64:eA=="}',
      };
      for (const [name, raw] of Object.entries(kept)) {
        await server.cli('SET', await rawKey(name), ended(`${raw.slice(0, -1)},"life":60000}`, Date.now() + 60_000));
      }
      for (const name of Object.keys(kept)) {
        const value = await books.find(name);
        expect(isDeepStrictEqual(await books.find(name), value), name).to.equal(true); // Chai would look at every hole.
        expect(hitNow(cache, name), name).not.to.equal(undefined);
      }
      expect(books.loads).to.deep.equal([]);
    });
  });
}
