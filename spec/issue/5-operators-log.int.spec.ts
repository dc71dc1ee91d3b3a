/**
 * What happened: Redis went away, and nothing was said anywhere unless somebody had thought of listening to events. An `Order` with `Line`s was
 * never cached, and nothing said that either.
 *
 * Decided: the option `logger`, by default `console.warn`: one line when Redis is lost or refuses, one when it is back, with the time between;
 * and one per cache and reason when a value can never be stored.
 */
import 'reflect-metadata';
import { expect } from 'chai';
import { Container, injectable } from 'inversify';
import sinon from 'sinon';
import { Cacheable, type CacheManager, type CacheOptions, type CachingOptions, enableCaching } from '../../lib/index.js';
import { cacheErrorOf } from '../contract/rejection.js';
import { RedisServer } from '../support/redis-server.js';
import { ownNamespace } from '../support/shared-redis.js';
import { waitFor } from '../support/wait.js';

class Order {
  constructor(readonly lines: readonly unknown[]) {}
}
class Line {
  readonly title = 'Dune';
}

class Orders {
  loads = 0;

  @Cacheable('order')
  async find(_id: number): Promise<Order> {
    this.loads += 1;
    return new Order([new Line()]);
  }

  @Cacheable('order')
  async list(_id: number): Promise<unknown> {
    return [{ deep: [new Order([])] }];
  }

  @Cacheable('order')
  async call(_id: number): Promise<unknown> {
    return { call: () => 1 };
  }
}
injectable()(Orders);

describe('Issue 5: what operators are told', function () {
  this.timeout(60_000);
  const containers: Container[] = [];
  let lines: string[];

  const logger = Object.fromEntries(
    ['info', 'warn', 'error'].map((level) => [level, (line: string) => void lines.push(`${level}: ${line}`)]),
  );
  const join = async (options: CachingOptions = {}, order: CacheOptions = {}): Promise<{ orders: Orders; manager: CacheManager }> => {
    const container = new Container();
    containers.push(container);
    container.bind(Orders).toSelf().inSingletonScope();
    const manager = await enableCaching(container, {
      namespace: ownNamespace('log'),
      logger: logger as never,
      bound: '300ms',
      ...options,
      caches: { order },
    });
    return { orders: container.get(Orders), manager };
  };

  beforeEach(() => {
    lines = [];
  });
  afterEach(async () => {
    sinon.restore();
    for (const container of containers.splice(0)) await container.unbindAllAsync();
  });

  describe('of Redis', () => {
    let server: RedisServer;

    beforeEach(async () => {
      server = await RedisServer.start();
    });
    afterEach(() => server.stop());

    const isBack = (): boolean => lines.some((line) => line.includes(' is back after '));

    it('is one line when it is lost, and one with the time between when it is back, each time', async () => {
      const { manager } = await join({ redis: server.url });
      expect(lines).to.deep.equal([]);
      for (let outage = 1; outage <= 2; outage += 1) {
        await server.kill();
        await waitFor(() => manager.health().status !== 'up' && lines.length > 0, { what: 'the line' });
        await server.restart();
        await waitFor(isBack, { what: 'the line that it is back' });
        expect(lines).to.have.length(2);
        expect(lines[0]).to.match(
          /^warn: inversify-cache: Redis at 127\.0\.0\.1:\d+ cannot be reached: .*\. Reads go on without it, and evictions/,
        );
        expect(lines[1]).to.match(/^info: inversify-cache: Redis at 127\.0\.0\.1:\d+ is back after \d+\.\d s\.$/);
        lines = [];
      }
    });

    it('is the same when it answers no more', async () => {
      await join({ redis: server.url, timeout: '100ms' });
      server.pause();
      await waitFor(() => lines.length > 0, { what: 'the line' });
      server.resume();
      await waitFor(isBack, { what: 'the line that it is back' });
      expect(lines).to.have.length(2);
    });

    it('is the same when it refuses, with its reason', async () => {
      await join({ redis: server.url });
      await server.cli('REPLICAOF', '127.0.0.1', '1');
      await waitFor(() => lines.length > 0, { what: 'the line' });
      await server.cli('REPLICAOF', 'NO', 'ONE');
      await waitFor(isBack, { what: 'the line that it is back' });
      expect(lines[0]).to.match(/refuses heartbeats: READONLY|cannot be reached|does not answer/);
      expect(lines).to.have.length(2);
    });

    it('is a line where it is not there at the start, and goes to console.warn by default', async () => {
      const warn = sinon.stub(console, 'warn');
      const { port } = server;
      await server.kill();
      await join({ redis: `redis://127.0.0.1:${port}`, logger: undefined, failFast: false, connectTimeout: '300ms' });
      await waitFor(() => warn.called, { what: 'the line' });
      expect(warn.firstCall.args[0]).to.match(/^inversify-cache: Redis at 127\.0\.0\.1:\d+ cannot be reached/);
      await server.restart();
      await waitFor(() => warn.callCount === 2, { what: 'the line that it is back' });
    });

    it('is nothing at a shutdown, and nothing with `logger: false`', async () => {
      await join({ redis: server.url });
      const warn = sinon.stub(console, 'warn');
      await containers.pop()!.unbindAllAsync();
      const { manager } = await join({ redis: server.url, logger: false });
      await server.kill();
      await waitFor(() => manager.health().status !== 'up', { what: 'the loss' });
      await server.restart();
      await waitFor(() => manager.health().status === 'up', { what: 'the return' });
      expect([lines, warn.args]).to.deep.equal([[], []]);
    });
  });

  it('of a value that can never be stored is one line per cache and reason, and it says what to do', async () => {
    const { orders } = await join();
    for (let i = 0; i < 3; i += 1) await orders.find(i);
    expect(orders.loads).to.equal(3);
    for (let i = 10; i < 13; i += 1) await orders.list(i);
    for (let i = 20; i < 23; i += 1) await orders.call(i);
    expect(lines).to.have.length(2);
    expect(lines[0]).to.equal("warn: inversify-cache: Cache 'order': instances of Order are not cached: give the cache a `type`.");
    expect(lines[1]).to.match(/^warn: inversify-cache: Cache 'order': some values are not cached: .* a function, found at `\.call`/);
  });

  it('names the class that is missing in a `type` of one class; with both by name the value is cached', async () => {
    const { orders } = await join({}, { type: Order });
    await orders.find(1);
    expect(lines).to.deep.equal(["warn: inversify-cache: Cache 'order': instances of Line are not cached: give the cache a `type`."]);
    const typed = (await join({}, { type: { Order, Line } })).orders;
    for (let i = 0; i < 2; i += 1) {
      const order = await typed.find(1);
      expect([order instanceof Order, order.lines[0] instanceof Line]).to.deep.equal([true, true]);
    }
    expect(typed.loads).to.equal(1);
  });

  it('does not disturb a cache when the logger throws', async () => {
    const fail = (): never => {
      throw new Error('The disk is full.');
    };
    const { orders } = await join({ logger: { info: fail, warn: fail, error: fail } });
    expect(await orders.find(1)).to.be.an.instanceOf(Order);
  });

  it('has nowhere to go but a logger', async () => {
    for (const wrong of [true, console.warn, { warn: console.warn }, 'console']) {
      const error = await cacheErrorOf(join({ logger: wrong as never }));
      expect(error.message).to.match(/^Expected `logger` to be an object with the functions `info`, `warn` and `error`, or false, got /);
    }
  });
});
