import { expect } from 'chai';
import { Container, inject, injectable } from 'inversify';
import {
  Cacheable,
  CacheableAll,
  CacheConfigurationError,
  CacheEvict,
  CacheManager,
  cacheProxy,
  cachingModule,
  composeDecorators,
} from '../../lib/index.js';
import { MapCacheManager } from '../support/map-cache.js';

/** Stands for a class of somebody else's. */
class Greeter {
  runs = 0;
  readonly #greeting = 'hello';
  suffix = '!';

  async greet(name: string, title?: string): Promise<string> {
    this.runs += 1;
    return `${this.#greeting} ${title === undefined ? '' : `${title} `}${name}${this.suffix}`;
  }

  async greetTwice(name: string): Promise<string> {
    return `${await this.greet(name)} ${await this.greet(name)}`;
  }

  async forget(_name: string): Promise<void> {}

  plain(): string {
    return this.#greeting;
  }
}

describe(cacheProxy.name, () => {
  let container: Container;
  let caches: MapCacheManager;
  let target: Greeter;

  beforeEach(() => {
    container = new Container();
    container.load(cachingModule());
    caches = new MapCacheManager();
    container.rebind(CacheManager).toConstantValue(caches);
    target = new Greeter();
  });

  const proxied = (): Greeter =>
    cacheProxy(container, target, {
      greet: Cacheable('greeting', { key: (name, title) => [name, title ?? ''], condition: (name) => name !== 'nobody' }),
      forget: composeDecorators(CacheEvict('greeting', { key: (name) => [name, ''] }), CacheEvict('other', { allEntries: true })),
    });

  it('caches the named methods, by all their arguments', async () => {
    const greeter = proxied();
    expect([await greeter.greet('Ann'), await greeter.greet('Ann'), target.runs]).to.deep.equal(['hello Ann!', 'hello Ann!', 1]);
    expect([await greeter.greet('Ann', 'Dr'), target.runs]).to.deep.equal(['hello Dr Ann!', 2]);
    await greeter.greet('nobody');
    await greeter.greet('nobody');
    expect(target.runs).to.equal(4);
    await caches.cache('other').put('x', 1);
    await greeter.forget('Ann');
    expect(caches.cache('greeting').has(['Ann', ''])).to.equal(false);
    expect(caches.cache('greeting').has(['Ann', 'Dr'])).to.equal(true);
    expect(caches.cache('other').entries.size).to.equal(0);
  });

  it('is the target in every other respect, private members included', async () => {
    const greeter = proxied();
    expect(greeter).to.be.instanceOf(Greeter);
    expect(greeter.constructor).to.equal(Greeter);
    expect([greeter.plain(), greeter.runs, 'suffix' in greeter, Object.keys(greeter)]).to.deep.equal([
      'hello',
      0,
      true,
      ['runs', 'suffix'],
    ]);
    expect(greeter.plain).to.equal(greeter.plain);
    greeter.suffix = '?';
    expect([target.suffix, await greeter.greet('Ann')]).to.deep.equal(['?', 'hello Ann?']);
  });

  it('leaves the target and its class as they are, what the target calls of itself included', async () => {
    const greeter = proxied();
    await greeter.greetTwice('Ann');
    await target.greet('Ann');
    await target.greet('Ann');
    expect(target.runs).to.equal(4);
    expect(caches.cache('greeting').entries.size).to.equal(0);
  });

  it('takes a frozen object literal, too', async () => {
    let runs = 0;
    const plain = Object.freeze({ twice: async (n: number) => ((runs += 1), 2 * n), once: (n: number) => n });
    const proxy = cacheProxy(container, plain, { twice: Cacheable('number') });
    expect([await proxy.twice(2), await proxy.twice(2), proxy.once(1), runs]).to.deep.equal([4, 4, 1, 1]);
    expect(Object.entries({ ...proxy }).map(([name]) => name)).to.deep.equal(['twice', 'once']);
  });

  it('takes a method over many ids, which shares its entries', async () => {
    const asked: unknown[] = [];
    const client = {
      find: async (id: string) => (asked.push(id), id.length),
      findAll: async (ids: readonly string[]) => (asked.push(ids), new Map(ids.map((id) => [id, id.length]))),
      list: async (ids: readonly string[]) => (asked.push(ids), ids.map((id) => id.length)),
    };
    const proxy = cacheProxy(container, client, {
      find: Cacheable('length'),
      findAll: CacheableAll('length'),
      list: CacheableAll('length', { result: 'array', unless: (length) => length > 2 }),
    });
    expect(await proxy.find('a')).to.equal(1);
    expect([...(await proxy.findAll(['a', 'bb', 'bb']))]).to.deep.equal([['a', 1], ['bb', 2]]); // prettier-ignore
    for (let i = 0; i < 2; i += 1) expect(await proxy.list(['ccc', 'bb', 'a'])).to.deep.equal([3, 2, 1]);
    expect(asked).to.deep.equal(['a', ['bb'], ['ccc'], ['ccc']]);
  });

  it('serves a container that injects it', async () => {
    @injectable()
    class Hall {
      constructor(@inject(Greeter) readonly greeter: Greeter) {}
    }
    container.bind(Greeter).toDynamicValue((context) => cacheProxy(context, target, { greet: Cacheable('greeting') })).inSingletonScope(); // prettier-ignore
    container.bind(Hall).toSelf();
    for (const hall of [container.get(Hall), container.get(Hall)]) await hall.greeter.greet('Ann');
    expect(target.runs).to.equal(1);
  });

  it('runs uncached once the container is gone, and is the target itself without a caching module', async () => {
    const greeter = proxied();
    await container.unbindAllAsync();
    await greeter.greet('Ann');
    await greeter.greet('Ann');
    expect(target.runs).to.equal(2);
    expect(cacheProxy(new Container(), target, { greet: Cacheable('greeting') })).to.equal(target);
  });

  it('refuses what is no method, and what is no decorator', () => {
    const wrong = (operations: object) => () => cacheProxy(container, target, operations);
    expect(wrong({ suffix: Cacheable('a') })).to.throw(
      CacheConfigurationError,
      /^Invalid caching of Greeter\.suffix: only methods can be cached\. Make the accessor or property a method that returns a promise\.$/,
    );
    expect(wrong({ greet: Cacheable })).to.throw(
      CacheConfigurationError,
      /^Expected what @Cacheable, @CacheableAll, @CachePut, @CacheEvict or @Caching returns, got something else\. Call it: `Cacheable\(\)`, not `Cacheable`\.$/,
    );
  });

  it('checks the functions against the methods they are for', () => {
    // Compiling this is the test.
    void (() => cacheProxy(container, target, { greet: Cacheable('a', { key: (name) => name.length }) }));
    // @ts-expect-error -- a string has no such property
    void (() => cacheProxy(container, target, { greet: Cacheable('a', { key: (name) => name.size }) }));
    // @ts-expect-error -- not a promise
    void (() => cacheProxy(container, target, { plain: Cacheable('a') }));
    // @ts-expect-error -- no such method
    void (() => cacheProxy(container, target, { great: Cacheable('a') }));
  });
});
