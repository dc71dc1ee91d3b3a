/**
 * What a user's program does, to be bundled and minified by `bundle.int.spec.ts`: caches, evicts, and meets error replies of each kind.
 * Prints what it saw as JSON. Arguments: the URL of Redis, its URL for the administrator, a namespace.
 */
import 'reflect-metadata';
import { Container, injectable } from 'inversify';
import { Redis } from 'ioredis';
import { type Cache, Cacheable, CacheError, CacheEvents, CacheEvict, enableCaching } from '../../lib/index.js';

const ATTEMPTS = 5;

@injectable()
class BookService {
  runs = 0;

  @Cacheable('book')
  async find(title: string): Promise<{ title: string; run: number }> {
    this.runs += 1;
    return { title, run: this.runs };
  }

  @CacheEvict('book')
  async change(_title: string): Promise<void> {}
}

/** How each attempt ended: `ok`, or the code and the reply of the error. */
async function outcomes(attempt: (i: number) => Promise<unknown>): Promise<string[]> {
  const ended: string[] = [];
  for (let i = 0; i < ATTEMPTS; i += 1) {
    ended.push(
      await attempt(i).then(
        () => 'ok',
        (error: unknown) => (CacheError.is(error) ? `${error.name} ${error.code}: ${error.message}` : String(error)),
      ),
    );
  }
  return ended;
}

async function main([url = '', adminUrl = '', namespace = '']: readonly string[]): Promise<unknown> {
  const admin = new Redis(adminUrl);
  const container = new Container();
  const options = { namespace, timeout: '5s', deadline: '20s', connectTimeout: '20s', bound: '20s' } as const;
  const manager = await enableCaching(container, { ...options, redis: url });
  container.bind(BookService).toSelf().inSingletonScope();
  const service = container.get(BookService);
  const cache = manager.getCache('book') as Cache;
  const breaker: boolean[] = [];
  container.get(CacheEvents).on('breaker', ({ open }) => void breaker.push(open));

  const found = [await service.find('Dune'), await service.find('Dune')];
  const { localHits } = cache.statistics();
  await service.change('Dune');
  found.push(await service.find('Dune'));

  await admin.acl('SETUSER', 'books', '-mget');
  const noPermission = await outcomes((i) => cache.getAll([`unknown-${i}`]));
  await admin.acl('SETUSER', 'books', '+mget');

  await admin.config('SET', 'maxmemory', '1');
  const outOfMemory = await outcomes((i) => cache.putIfAbsent(`full-${i}`, i));
  await admin.config('SET', 'maxmemory', '0');

  for (const key of await admin.keys(`${namespace}:*Dune*`)) await admin.multi().del(key).lpush(key, 'a list').exec();
  const other = new Container();
  const second = await enableCaching(other, { ...options, redis: url }); // Whose local tier is empty.
  other.get(CacheEvents).on('breaker', ({ open }) => void breaker.push(open));
  const wrongType = await outcomes(() => second.getCache('book')!.get('Dune'));
  const breakers = [cache, second.getCache('book')!].map((each) => each.statistics().breaker);

  await Promise.all([container.unbindAllAsync(), other.unbindAllAsync()]);
  admin.disconnect();
  return { found, localHits, noPermission, outOfMemory, wrongType, breaker, breakers };
}

main(process.argv.slice(2)).then(
  (seen) => process.stdout.write(JSON.stringify(seen)),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
