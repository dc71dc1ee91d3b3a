import { expect } from 'chai';
import { Container } from 'inversify';
import {
  Cacheable,
  CacheConfigurationError,
  CacheEvict,
  CacheManager,
  cachingModule,
  ChannelTopic,
  enableCaching,
  MessageListenerContainer,
  MessagePublisher,
  NoOpCache,
  TransactionAwareCache,
} from '../../lib/index.js';
import { rejectionOf } from '../contract/rejection.js';

class Books {
  runs = 0;

  @Cacheable('book', { key: () => undefined as never })
  async find(name: string): Promise<string> {
    this.runs += 1;
    return name;
  }

  @CacheEvict('book', { beforeInvocation: true })
  async reset(): Promise<void> {
    this.runs = 0;
  }
}

describe('the option `enabled`', () => {
  let container: Container;

  beforeEach(() => {
    container = new Container();
    container.bind(Books).toSelf();
  });

  afterEach(() => container.unbindAllAsync());

  it('at `false` lets methods run each time, keys unmade, though Redis is named and away', async () => {
    await enableCaching(container, { enabled: false, redis: 'redis://127.0.0.1:1' });
    const books = container.get(Books);
    expect([await books.find('Dune'), await books.find('Dune'), books.runs]).to.deep.equal(['Dune', 'Dune', 2]);
    await books.reset();
    expect(books.runs).to.equal(0);
  });

  it('is one container’s own affair', async () => {
    class Countable {
      runs = 0;
      @Cacheable('book')
      async find(_name: string): Promise<number> {
        return (this.runs += 1);
      }
    }
    const other = new Container();
    other.load(cachingModule({ namespace: 'enabled-other' }));
    container.load(cachingModule({ enabled: false }));
    for (const each of [container, other]) each.bind(Countable).toSelf();
    const [off, on] = [container.get(Countable), other.get(Countable)];
    for (let i = 0; i < 2; i += 1) await Promise.all([off.find('Dune'), on.find('Dune')]);
    expect([off.runs, on.runs]).to.deep.equal([2, 1]);
    await other.unbindAllAsync();
  });

  it('at `false` makes the cache manager hand out caches that hold nothing', async () => {
    const manager = await enableCaching(container, { enabled: false });
    expect((manager.getCache('book') as TransactionAwareCache).target).to.be.instanceOf(NoOpCache);
    expect(container.get(CacheManager).health().status).to.equal('up');
  });

  it('leaves topics alone: they work in the process', async () => {
    await enableCaching(container, { enabled: false, redis: 'redis://127.0.0.1:1', namespace: 'enabled-topics' });
    const bodies: string[] = [];
    await container.get(MessageListenerContainer).addMessageListener(({ body }) => void bodies.push(body), ChannelTopic.of('news'));
    expect(await container.get(MessagePublisher).publish('news', 'hello')).to.equal(1);
    expect(bodies).to.deep.equal(['hello']);
  });

  it('does not keep wrong options from being refused', async () => {
    const error = await rejectionOf(enableCaching(container, { enabled: false, bound: '1ms' }));
    expect(error).to.be.instanceOf(CacheConfigurationError);
    const wrong = (await rejectionOf(enableCaching(new Container(), { enabled: 'no' as unknown as boolean }))) as Error;
    expect(wrong.message).to.equal('Expected `enabled` to be a boolean, got `no` (string).');
  });
});
