import 'reflect-metadata';
import { Container } from 'inversify';
import { Cacheable, CacheEvict, CacheManager, enableCaching } from 'inversify-cache';

/** The database: what all servers read. */
export const prices = new Map<string, number>();

export class BookService {
  @Cacheable('book')
  async find(name: string): Promise<number | undefined> {
    return prices.get(name);
  }

  @CacheEvict('book', { key: (name) => name })
  async update(name: string, price: number): Promise<void> {
    prices.set(name, price);
  }
}

/** A server of the fleet, once it serves its local tier. */
export async function server(redis: string): Promise<Container> {
  const container = new Container();
  container.bind(BookService).toSelf().inSingletonScope();
  await enableCaching(container, { redis, bound: '1s', deadline: '20s', connectTimeout: '20s' });
  const manager = container.get(CacheManager);
  while (manager.health().status !== 'up') await new Promise((resolve) => void setTimeout(resolve, 5));
  return container;
}
