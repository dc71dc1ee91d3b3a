/** What a hit in the local tier is made of; how long it takes, `bench/` measures. */
import { expect } from 'chai';
import { Container } from 'inversify';
import { createHook } from 'node:async_hooks';
import { Cacheable, type CacheKey, type CacheManager, type Clock, enableCaching, KeyGenerator } from '../../lib/index.js';

/** Whom the library may call of what is the user's. */
const called: string[] = [];
const calls = <T>(name: string, result: T): T => {
  called.push(name);
  return result;
};

class Books {
  @Cacheable('book')
  async find(name: string): Promise<object> {
    return calls('method', { name });
  }

  @Cacheable('numbered')
  async byNumber(id: number): Promise<object> {
    return calls('method', { id });
  }

  @Cacheable('edition')
  async byEdition(name: string, edition: number): Promise<object> {
    return calls('method', { name, edition });
  }

  @Cacheable('keyed', {
    key: (name) => calls('key', name),
    condition: () => calls('condition', true),
    unless: () => calls('unless', false),
    ttl: () => calls('ttl', '1h'),
  })
  async byKey(name: string): Promise<object> {
    return calls('method', { name });
  }

  @Cacheable('invoked', {
    key: function (name) {
      return calls(`key of ${String(this.method)}`, name);
    },
  })
  async byInvocation(name: string): Promise<object> {
    return calls('method', { name });
  }

  @Cacheable('generated', { keyGenerator: 'Generator' })
  async byGenerator(name: string): Promise<object> {
    return calls('method', { name });
  }
}

class Generator extends KeyGenerator {
  override generate(_target: object, _method: string | symbol, ...args: readonly unknown[]): CacheKey {
    return calls('generator', args as CacheKey);
  }
}

const clock: Clock = { now: () => calls('clock', 1_000) };

describe('A hit in the local tier', () => {
  let container: Container;
  let manager: CacheManager;
  let books: Books;

  before(async () => {
    container = new Container();
    manager = await enableCaching(container, { clock });
    container.bind('Generator').toConstantValue(new Generator());
    container.bind(Books).toSelf().inSingletonScope();
    books = container.get(Books);
  });

  after(() => container.unbindAllAsync());

  const hits: readonly (readonly [title: string, hit: () => Promise<object>, ...calls: string[]])[] = [
    ['one string', () => books.find('Dune'), 'clock'],
    ['one number', () => books.byNumber(42), 'clock'],
    ['two arguments', () => books.byEdition('Dune', 2), 'clock'],
    ['functions of its own', () => books.byKey('Dune'), 'condition', 'key', 'clock'],
    ['a key that asks for the call', () => books.byInvocation('Dune'), 'key of byInvocation', 'clock'],
    ['a key generator of its own', () => books.byGenerator('Dune'), 'generator', 'clock'],
  ];

  for (const [title, hit, ...expected] of hits) {
    describe(`with ${title}`, () => {
      before(async () => {
        await hit(); // Makes the plan, and loads.
        await hit(); // Makes the promise that is kept.
      });

      it('is the promise that the cache has, and makes no other', () => {
        const first = hit();
        let made = 0;
        const hook = createHook({ init: (_id, type) => void (type === 'PROMISE' && (made += 1)) });
        hook.enable();
        const second = hit();
        hook.disable();
        expect([second === first, made]).to.deep.equal([true, 0]);
      });

      it(`calls nothing of the user's but ${expected.join(', ')}, once each`, () => {
        called.length = 0;
        void hit();
        expect(called).to.deep.equal(expected);
      });
    });
  }

  it('is counted', async () => {
    await books.find('Dune');
    const before = manager.statistics()['book']?.localHits ?? NaN;
    for (let i = 0; i < 3; i += 1) void books.find('Dune');
    expect(manager.statistics()['book']?.localHits).to.equal(before + 3);
  });
});
