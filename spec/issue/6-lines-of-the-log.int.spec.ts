/**
 * What happened: `LoggingCacheErrorHandler` wrote the number 1 as `1` and the text Dune as `"Dune"`, where error messages, events, Redis and the
 * command line write `~1` and `Dune`: a key could not be looked for in a log. Its lines had no reason, nor had the line of an eviction that Redis
 * did not acknowledge. "Redis is away" did not say why; the line that it cannot be reached said that twice.
 *
 * Decided: a line of a log writes a key as everything else does, and ends with the reason: the words of Redis or of the system.
 */
import 'reflect-metadata';
import { expect } from 'chai';
import { Container, injectable } from 'inversify';
import {
  Cacheable,
  CacheErrorHandler,
  CacheEvents,
  CacheEvict,
  type CacheManager,
  type CachingOptions,
  enableCaching,
  LoggingCacheErrorHandler,
} from '../../lib/index.js';
import { cacheErrorOf } from '../contract/rejection.js';
import { freePort, RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';

class Books {
  @Cacheable('book')
  async find(_key: unknown): Promise<string> {
    return 'a secret value';
  }

  @CacheEvict('book')
  async change(_key: unknown): Promise<string> {
    return 'a secret value';
  }

  @CacheEvict('book', { unacknowledged: 'report' })
  async changeAnyway(_key: unknown): Promise<string> {
    return 'a secret value';
  }

  @CacheEvict('book', { allEntries: true })
  async changeAll(): Promise<void> {}
}
injectable()(Books);

/** Keys, and how they are written. The last one holds what could drive a terminal. */
const KEYS: readonly (readonly [key: unknown, written: string])[] = [
  [1, '~1'],
  ['1', '1'],
  ['Dune', 'Dune'],
  [{ name: 'Dune', part: 2 }, '~{"name":"Dune","part":2}'],
  ['\u001b[2J\nDune', String.raw`~"\u001b[2J\nDune"`],
];

describe('Issue 6: lines of the log', function () {
  this.timeout(60_000);
  let container: Container;
  let lines: string[];

  const log = (line: string): void => void lines.push(line);
  const join = async (options: CachingOptions): Promise<{ books: Books; manager: CacheManager }> => {
    container = new Container();
    container.bind(Books).toSelf().inSingletonScope();
    const manager = await enableCaching(container, {
      logger: { info: log, warn: log, error: log },
      caches: { book: {} },
      ...options,
    });
    container.rebind(CacheErrorHandler).toConstantValue(new LoggingCacheErrorHandler({ log }));
    return { books: container.get(Books), manager };
  };

  beforeEach(() => {
    lines = [];
  });
  afterEach(() => container.unbindAllAsync());

  const expectHarmless = (): void => {
    expect(lines.join('')).to.not.match(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(lines.join('')).to.not.match(/s3cret|a secret value/);
  };

  describe('where nobody listens', () => {
    const refused = (port: number): string => `connect ECONNREFUSED 127.0.0.1:${port}`;
    const start = async (options: CachingOptions = {}): Promise<{ port: number; books: Books }> => {
      const port = await freePort();
      const { books } = await join({
        redis: `redis://bob:s3cret@127.0.0.1:${port}`,
        failFast: false,
        connectTimeout: '500ms',
        deadline: '500ms',
        ...options,
      });
      let failures = 0;
      container.get(CacheEvents).on('failed', ({ link }) => void (failures += link === 'command' ? 1 : 0));
      await waitFor(() => failures > 0, { what: 'an attempt that fails' });
      return { port, books };
    };
    const isTold = (): boolean => lines.some((line) => line.includes('cannot be reached'));

    it('that Redis cannot be reached is said once, with the reason of the system', async () => {
      const { port } = await start();
      await waitFor(isTold, { what: 'the line' });
      expect(lines).to.deep.equal([
        `inversify-cache: Redis at 127.0.0.1:${port} cannot be reached: ${refused(port)}. Reads go on without it, and evictions are repeated until it is back.`,
      ]);
    });

    it('a failed read or eviction names the key as Redis does, and the reason', async () => {
      const { port, books } = await start({ logger: false });
      for (const [key] of KEYS) await books.find(key);
      for (const [key] of KEYS) await cacheErrorOf(books.change(key));
      await cacheErrorOf(books.changeAll());
      const away = (step: string): string => `Redis at 127.0.0.1:${port} is away: '${step}' was not sent (${refused(port)})`;
      expect(lines).to.deep.equal([
        ...KEYS.map(([, key]) => `Cache 'book' failed to get entry with key '${key}': ${away('get')}`),
        ...KEYS.map(([, key]) => `Cache 'book' failed to evict entry with key '${key}': ${away('evict')}`),
        `Cache 'book' failed to clear entries: ${away('clear')}`,
      ]);
      expectHarmless();
    });

    for (const [key, written] of KEYS) {
      it(`an eviction of ${JSON.stringify(key)} that is only reported says for which key, and why`, async () => {
        const { port, books } = await start();
        await waitFor(isTold, { what: 'the line about Redis' });
        await books.changeAnyway(key);
        const waited = Number(/ within (\d+) ms: /.exec(lines[1]!)?.[1]); // No attempt is begun that cannot be waited for.
        expect(waited).to.be.within(250, 500);
        expect(lines[1]).to.equal(
          `inversify-cache: Cache 'book': Redis did not acknowledge evicting key '${written}' in cache 'book' within ${waited} ms: ` +
            `Redis at 127.0.0.1:${port} is away: 'evict' was not sent (${refused(port)}). ` +
            'What the method did stands. The eviction is retried in the background; other instances may serve the old value until it succeeds.',
        );
        expectHarmless();
      });
    }
  });

  it('a shutdown with an eviction that Redis never acknowledged says so, with the key', async () => {
    const server = await RedisServer.start();
    const { books } = await join({ redis: server.url, connectTimeout: '500ms', deadline: '500ms', timeout: '100ms' });
    await server.stop();
    expect((await cacheErrorOf(books.change('Dune'))).code).to.equal('CACHE_EVICT_UNACKNOWLEDGED');
    await container.unbindAllAsync();
    expect(lines.at(-1)).to.match(
      /^inversify-cache: Cache 'book' was stopped while 1 eviction was not acknowledged\. Old values may be served until their time to live ends: 'Dune'\. \(.+\)$/,
    );
    expectHarmless();
  });

  describe('where Redis refuses', () => {
    let server: RedisServer;

    beforeEach(async () => {
      server = await RedisServer.start();
      await server.cli('ACL', 'SETUSER', 'bob', 'on', '>s3cret', '~*', '&*', '+@all');
    });
    afterEach(() => server.stop());

    const url = (): string => `redis://bob:s3cret@127.0.0.1:${server.port}`;
    const forbid = async (...commands: string[]): Promise<void> =>
      void (await server.cli('ACL', 'SETUSER', 'bob', ...commands.map((command) => `-${command}`)));

    it('each line has the words of Redis', async () => {
      const { books } = await join({ redis: url(), bound: '1h', deadline: '500ms', logger: false });
      await forbid('eval', 'evalsha', 'get');
      await books.find(1);
      await cacheErrorOf(books.change(1));
      await cacheErrorOf(books.changeAll());
      const redis = `Redis at 127\\.0\\.0\\.1:${server.port} failed at`;
      expect(lines[0]).to.match(new RegExp(`^Cache 'book' failed to get entry with key '~1': ${redis} 'get': NOPERM `));
      expect(lines[1]).to.match(new RegExp(`^Cache 'book' failed to evict entry with key '~1': .*${redis} 'evict': NOPERM `));
      expect(lines[2]).to.match(new RegExp(`^Cache 'book' failed to clear entries: .*${redis} 'clear': NOPERM `));
      expectHarmless();
    });

    it('a heartbeat that is refused is told with the words of Redis', async () => {
      await join({ redis: url(), bound: '300ms' });
      await forbid('eval', 'evalsha');
      await waitFor(() => lines.length > 0, { what: 'the line' });
      expect(lines[0]).to.match(/^inversify-cache: Redis at 127\.0\.0\.1:\d+ refuses heartbeats: NOPERM .*\. Reads go on without it/);
      expectHarmless();
    });
  });
});
