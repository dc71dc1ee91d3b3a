import { ok, strictEqual } from 'node:assert';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Container } from 'inversify';
import { type FaultyRedis, faultyRedis } from 'inversify-cache/testing';
import { BookService, prices, server } from './book-service.js';

describe('a fleet on a Redis that fails', () => {
  let proxy: FaultyRedis;
  let [one, other]: Container[] = [];

  beforeEach(async () => {
    prices.set('Dune', 12);
    proxy = await faultyRedis(process.env['REDIS_URL']!);
    [one, other] = [await server(process.env['REDIS_URL']!), await server(proxy.url)];
    await one.get(BookService).update('Dune', 12);
    strictEqual(await other.get(BookService).find('Dune'), 12);
  });

  afterEach(async () => {
    await Promise.all([one?.unbindAllAsync(), other?.unbindAllAsync()]);
    await proxy.stop();
  });

  /** Reads until the new price comes. No read that begins a bound after the update may return the old one. */
  const becomesNew = async (): Promise<void> => {
    const end = performance.now() + 1_000;
    for (let at = 0; (await other!.get(BookService).find('Dune')) !== 15; at = performance.now()) {
      ok(at < end, 'older than the bound');
      await new Promise((resolve) => void setTimeout(resolve, 5));
    }
  };

  it('notices a message that was lost', async () => {
    proxy.dropNext(1, { channel: `book-channel@${new URL(proxy.url).pathname.slice(1)}` });
    await one!.get(BookService).update('Dune', 15);
    await becomesNew();
    strictEqual(proxy.dropped, 1);
  });

  it('serves nothing older than the bound while nothing comes through', async () => {
    proxy.halfOpen();
    await one!.get(BookService).update('Dune', 15);
    await becomesNew();
    proxy.heal();
  });
});
