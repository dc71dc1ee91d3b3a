import { expect } from 'chai';
import { Container, injectable, postConstruct, preDestroy } from 'inversify';
import sinon from 'sinon';
import {
  cached,
  Cacheable,
  type CacheEventMap,
  CacheEvents,
  CacheManager,
  cachingModule,
  ChannelTopic,
  enableCaching,
  EventListener,
  type Message,
  MessageListener,
  MessagePublisher,
  PatternTopic,
} from '../../lib/index.js';
import { ownNamespace } from '../support/shared-redis.js';

const bypass = { cache: 'book', active: true } as const;

/** Notes what it is told, under the method's name. */
class Notes {
  readonly heard: unknown[] = [];
}

@injectable()
class Watcher extends Notes {
  @EventListener('bypass')
  onBypass(event: CacheEventMap['bypass']): void {
    this.heard.push(['bypass', event]);
  }

  @EventListener('connected', 'lost')
  onLink({ link }: CacheEventMap['connected'] | CacheEventMap['lost']): void {
    this.heard.push(['link', link]);
  }

  @MessageListener('orders')
  onOrder({ body }: Message): void {
    this.heard.push(['order', body]);
  }

  @MessageListener([PatternTopic.of('news-*'), ChannelTopic.of('news')])
  onNews({ channel, pattern }: Message): void {
    this.heard.push(['news', channel, pattern]);
  }
}

@injectable()
class Plain extends Watcher {}

@injectable()
class Own extends Watcher {
  @EventListener('breaker')
  onBreaker(): void {
    this.heard.push(['breaker']);
  }

  override onBypass(): void {
    this.heard.push(['overridden']);
  }
}

describe('listening methods', () => {
  let container: Container;
  let emitWarning: sinon.SinonStub;
  let namespace: string;

  beforeEach(() => {
    emitWarning = sinon.stub(process, 'emitWarning');
    container = new Container();
    namespace = ownNamespace();
  });

  afterEach(async () => {
    await container.unbindAllAsync();
    emitWarning.restore();
  });

  const load = (): void => container.load(cachingModule({ namespace }));
  const enable = (): Promise<CacheManager> => enableCaching(container, { namespace });
  const singleton = (type: new () => Watcher): Watcher => (container.bind(type).toSelf().inSingletonScope(), container.get(type));
  const emit = (): void => container.get(CacheEvents).emit('bypass', bypass);
  const publish = (channel: string, body = ''): Promise<number> => container.get(MessagePublisher).publish(ChannelTopic.of(channel), body);

  describe(EventListener.name, () => {
    it('is called at every event of its names, from the moment the container makes the object', () => {
      load();
      container.bind(Watcher).toSelf().inSingletonScope();
      emit();
      const watcher = container.get(Watcher);
      emit();
      container.get(Watcher);
      container.get(CacheEvents).emit('lost', { link: 'command', endpoint: 'x:1' });
      container.get(CacheEvents).emit('connected', { link: 'subscriber', endpoint: 'x:1' });
      expect(watcher.heard).to.deep.equal([['bypass', bypass], ['link', 'command'], ['link', 'subscriber']]); // prettier-ignore
    });

    it('is inherited, and overridden, where a subclass has listening methods of its own', () => {
      load();
      const watcher = singleton(Own);
      emit();
      container.get(CacheEvents).emit('breaker', { open: true });
      expect(watcher.heard).to.deep.equal([['overridden'], ['breaker']]);
    });

    const onlyEnabled: [string, () => Watcher][] = [
      ['a subclass', () => singleton(Plain)],
      ['a dynamic value', () => (container.bind(Watcher).toDynamicValue(() => new Watcher()).inSingletonScope(), container.get(Watcher))], // prettier-ignore
      ['a constant', () => (container.bind(Watcher).toConstantValue(new Watcher()), container.get(Watcher))],
      ['a frozen constant', () => (container.bind(Watcher).toConstantValue(Object.freeze(new Watcher())), container.get(Watcher))],
    ];
    for (const [what, make] of onlyEnabled) {
      it(`works for ${what} with enableCaching`, async () => {
        await enable();
        const watcher = make();
        emit();
        expect(watcher.heard).to.deep.equal([['bypass', bypass]]);
      });
    }

    it('works for what is given to cached', () => {
      load();
      const watcher = cached(container, new Plain());
      cached(container, watcher);
      emit();
      expect(watcher.heard).to.deep.equal([['bypass', bypass]]);
    });

    it('goes together with cached methods, and with what else a class has', async () => {
      @injectable()
      class Books extends Notes {
        @postConstruct()
        begin(): void {
          this.heard.push('begin');
        }

        @preDestroy()
        end(): void {
          this.heard.push('end');
        }

        @Cacheable('book')
        async find(name: string): Promise<string> {
          this.heard.push(name);
          return name;
        }

        @EventListener('evicted')
        onEvicted({ keys, lagMs }: CacheEventMap['evicted']): void {
          this.heard.push([...keys, typeof lagMs]);
        }
      }
      const manager = await enable();
      container.bind(Books).toSelf().inSingletonScope();
      const books = container.get(Books);
      await books.find('Dune');
      await books.find('Dune');
      await manager.getCache('book')?.evict('Dune');
      await container.unbindAllAsync();
      expect(books.heard).to.deep.equal(['begin', 'Dune', ['Dune', 'number'], 'end']);
    });

    it('has what it throws or rejects with reported, and disturbs nobody', async () => {
      const errors: unknown[] = [];
      const thrown = new Error('thrown');
      const rejection = Promise.reject(new Error('rejected'));
      @injectable()
      class Clumsy {
        @EventListener('bypass')
        throws(): void {
          throw thrown;
        }

        @EventListener('bypass')
        rejects(): Promise<void> {
          return rejection;
        }

        @EventListener('error')
        onError(): void {
          throw thrown;
        }
      }
      load();
      container.bind(Clumsy).toSelf().inSingletonScope();
      container.get(Clumsy);
      const watcher = singleton(Watcher);
      container.get(CacheEvents).on('error', (event) => void errors.push(event));
      emit();
      const error = await rejection.catch((reason: unknown) => reason);
      await Promise.resolve();
      expect(errors).to.deep.equal([
        { where: '@EventListener Clumsy.throws', error: thrown },
        { where: '@EventListener Clumsy.rejects', error },
      ]);
      expect(watcher.heard).to.deep.equal([['bypass', bypass]]);
    });

    it('ends with the container, and holds nobody in another', async () => {
      const other = new Container();
      const elsewhere = ownNamespace();
      try {
        load();
        other.load(cachingModule({ namespace: elsewhere }));
        other.bind(Watcher).toSelf().inSingletonScope();
        const [watcher, theirs] = [singleton(Watcher), other.get(Watcher)];
        const events = container.get(CacheEvents);
        emit();
        await container.unbindAllAsync();
        events.emit('bypass', bypass);
        other.get(CacheEvents).emit('bypass', bypass);
        expect([watcher.heard, theirs.heard]).to.deep.equal([[['bypass', bypass]], [['bypass', bypass]]]);
        expect(events.has('bypass')).to.equal(false);
      } finally {
        await other.unbindAllAsync();
      }
    });

    it('warns once of a class with several objects', () => {
      load();
      container.bind(Watcher).toSelf().inTransientScope();
      const watchers = [1, 2, 3].map(() => container.get(Watcher));
      emit();
      expect(watchers.map(({ heard }) => heard.length)).to.deep.equal([1, 1, 1]);
      expect(emitWarning.args.map(([message, { code }]) => [message, code])).to.deep.equal([
        ['A second object of Watcher listens.', 'CACHE_LISTENER_REPEATED'],
      ]);
    });

    it('does nothing in a container without caching', () => {
      const watcher = singleton(Watcher);
      expect(watcher.heard).to.deep.equal([]);
    });

    it('works as a standard decorator, with enableCaching', async () => {
      const heard: unknown[] = [];
      const standard = EventListener('bypass');
      class Standard {
        onBypass(event: CacheEventMap['bypass']): void {
          heard.push(event);
        }
      }
      const initializers: ((this: object) => void)[] = [];
      const decorate = standard as unknown as (value: unknown, context: unknown) => void;
      decorate(Standard.prototype.onBypass, {
        kind: 'method',
        name: 'onBypass',
        static: false,
        addInitializer: (initializer: (this: object) => void) => initializers.push(initializer),
      });
      await enable();
      for (let i = 0; i < 2; i += 1) {
        const instance = new Standard();
        for (const initialize of initializers) initialize.call(instance);
        if (i === 0) cached(container, instance);
      }
      emit();
      expect(heard).to.deep.equal([bypass]);
    });

    it('refuses names that no event has, and what is no method', () => {
      expect(() => EventListener('bypas' as never)).to.throw(
        'Expected names of events for @EventListener, got `bypas`. Known are: connected, lost, failed, reconnecting, subscribed, evicted, tagsEvicted, cleared, ' +
          'gap, bypass, malformed, evictPending, evictRecovered, intentLapsed, servedStale, refreshFailed, loadTooSlow, breaker, error.',
      );
      expect(() => EventListener(...([] as never as ['bypass']))).to.throw('Expected names of events for @EventListener, got `undefined`.');
      const decorate = EventListener('bypass') as unknown as (target: object, name: string, descriptor?: object) => void;
      const hint = ': it is not a method of an object. Decorate a method of a service that a container makes.';
      expect(() => decorate(Watcher, 'of', { value: () => undefined })).to.throw(`Invalid @EventListener on Watcher.of${hint}`);
      expect(() => decorate(Watcher.prototype, 'heard')).to.throw(`Invalid @EventListener on Watcher.heard${hint}`);
    });
  });

  describe(MessageListener.name, () => {
    it('is told the messages of its topics, by the listener container', async () => {
      await enable();
      const watcher = singleton(Watcher);
      await container.get(CacheManager).start();
      await publish('orders', 'one');
      await publish('news-today');
      await publish('news');
      await publish('elsewhere');
      expect(watcher.heard.filter((note) => (note as string[])[0] !== 'link')).to.deep.equal([
        ['order', 'one'],
        ['news', 'news-today', 'news-*'],
        ['news', 'news', undefined],
      ]);
    });

    it('is subscribed with the others when the object is there before the start', async () => {
      load();
      const watcher = singleton(Watcher);
      await container.get(CacheManager).start();
      await publish('orders', 'one');
      expect(watcher.heard).to.deep.include(['order', 'one']);
    });

    it('has what it throws or rejects with reported', async () => {
      const errors: unknown[] = [];
      const thrown = new Error('thrown');
      @injectable()
      class Clumsy {
        @MessageListener('orders')
        onOrder(): void {
          throw thrown;
        }
      }
      await enable();
      container.bind(Clumsy).toSelf().inSingletonScope();
      container.get(Clumsy);
      container.get(CacheEvents).on('error', (event) => void errors.push(event));
      await publish('orders');
      expect(errors).to.deep.equal([{ where: '@MessageListener Clumsy.onOrder', error: thrown }]);
    });

    it('ends with the container', async () => {
      await enable();
      const watcher = singleton(Watcher);
      const other = new Container();
      try {
        await enableCaching(other, { namespace });
        await container.unbindAllAsync();
        await other.get(MessagePublisher).publish(ChannelTopic.of('orders'), 'late');
        expect(watcher.heard.filter((note) => (note as string[])[0] === 'order')).to.deep.equal([]);
      } finally {
        await other.unbindAllAsync();
      }
    });

    it('refuses what is no topic', () => {
      expect(() => MessageListener('')).to.throw('Expected the name of a channel to be a non-empty string, got an empty string.');
      expect(() => MessageListener([])).to.throw('Expected a topic or a list of topics, got an empty list.');
      expect(() => MessageListener(7 as never)).to.throw('Expected a topic or a list of topics, got 7.');
    });
  });
});
