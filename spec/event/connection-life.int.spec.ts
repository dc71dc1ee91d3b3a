import { expect } from 'chai';
import { Container } from 'inversify';
import { type CacheEventMap, CacheEvents, CacheManager, cachingModule } from '../../lib/index.js';
import { type FaultyRedis, faultyRedis } from '../../lib/testing/index.js';
import { RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';
import { PATIENT } from '../support/patient.js';

const NAMES = ['connected', 'lost', 'failed', 'reconnecting', 'subscribed', 'bypass'] as const;

describe('the life of connections, in events', () => {
  let server: RedisServer;
  let proxy: FaultyRedis;
  let container: Container;
  let manager: CacheManager;
  let told: (readonly [name: string, event: Record<string, unknown>])[];

  beforeEach(async () => {
    server = await RedisServer.start();
    proxy = await faultyRedis(server.url);
    container = new Container();
    container.load(cachingModule({ ...PATIENT, redis: `redis://:secret@127.0.0.1:${proxy.port}`, caches: { book: {} }, bound: '200ms' }));
    await server.cli('CONFIG', 'SET', 'requirepass', 'secret');
    manager = container.get(CacheManager);
    told = [];
    for (const name of NAMES)
      container.get(CacheEvents).on(name, (event: CacheEventMap[typeof name]) => void told.push([name, { ...event }]));
  });

  afterEach(async () => {
    await container.unbindAllAsync();
    await proxy.stop();
    await server.stop();
  });

  const of = (link: string): string[] => told.filter(([, event]) => event['link'] === link).map(([name]) => name);
  const failures = (link: string): unknown[] =>
    told.filter(([name, event]) => name === 'failed' && event['link'] === link).map(([, { attempt }]) => attempt);
  const endpoint = (): string => `127.0.0.1:${proxy.port}`;

  it('begins with a connection each, and a subscription', async () => {
    await manager.start();
    expect([of('command'), of('subscriber')]).to.deep.equal([['connected'], ['connected']]);
    const subscribed = told.find(([name]) => name === 'subscribed')?.[1];
    expect(subscribed).to.deep.include({ endpoint: endpoint(), epoch: 0 });
    expect(subscribed?.['topics']).to.include('book-channel');
  });

  it('counts attempts that fail, from the first, until one succeeds', async () => {
    proxy.away();
    const started = manager.start();
    await waitFor(() => failures('command').length >= 2 && failures('subscriber').length >= 2, { what: 'two failures of each link' });
    for (const link of ['command', 'subscriber']) {
      expect(of(link).slice(0, 4), link).to.deep.equal(['failed', 'reconnecting', 'failed', 'reconnecting']);
      expect(failures(link).slice(0, 2), link).to.deep.equal([1, 2]);
    }
    proxy.heal();
    await started.catch(() => undefined); // The topics' half gives up at the first failure; it goes on trying.
    await waitFor(() => manager.health().status === 'up', { what: 'both links' });
    expect([of('command').at(-1), of('subscriber').at(-1)]).to.deep.equal(['connected', 'connected']);
  });

  it('tells a loss, which is no failure, and what follows', async () => {
    await manager.start();
    told.length = 0;
    proxy.away();
    await waitFor(() => failures('command').length >= 1 && failures('subscriber').length >= 1, { what: 'a failure of each link' });
    for (const link of ['command', 'subscriber']) {
      expect(of(link).slice(0, 3), link).to.deep.equal(['lost', 'reconnecting', 'failed']);
      expect(failures(link)[0], link).to.equal(1);
    }
    expect(told).to.deep.include(['bypass', { cache: 'book', active: true }]);
    proxy.heal();
    await waitFor(() => manager.health().status === 'up', { what: 'the lease to be won back' });
    expect(told.at(-1)).to.deep.equal(['bypass', { cache: 'book', active: false }]);
    expect(told.filter(([name]) => name === 'subscribed').map(([, { epoch }]) => epoch)).to.deep.equal([1]);
  });

  it('names the endpoint everywhere, and never a password', async () => {
    await manager.start();
    proxy.away();
    await waitFor(() => failures('command').length >= 1 && failures('subscriber').length >= 1, { what: 'a failure of each link' });
    const without = told.filter(([name, event]) => name !== 'bypass' && event['endpoint'] !== endpoint());
    expect(without).to.deep.equal([]);
    const errors = told.map(([, { error }]) => (error instanceof Error ? `${error.message} ${error.stack} ${JSON.stringify(error)}` : ''));
    expect(errors.filter((text) => text !== '')).not.to.deep.equal([]);
    expect(errors.join()).not.to.include('secret');
  });
});
