/**
 * Decorators of a framework, for roles, routes or time limits, often leave a note on the method's function: as metadata of `reflect-metadata`
 * or as a property. Whoever looked for the note found the wrapper of `@Cacheable` without it, so that a route was unprotected or unknown.
 *
 * The wrapper has what the method has, wherever it comes from: a decorator on the method, one above the class, or `cacheProxy`.
 */
import 'reflect-metadata';
import { expect } from 'chai';
import { Container } from 'inversify';
import {
  type AsyncMethod,
  Cacheable,
  type CacheDecorator,
  CacheEvict,
  cacheProxy,
  cachingModule,
  composeDecorators,
} from '../../lib/index.js';

const ROLES = Symbol('roles');
const LIMIT = Symbol('limit');

type Noted = AsyncMethod & { route?: string; calls?: number; [LIMIT]?: number };

/** Leaves notes on the function, as decorators of frameworks do. */
function noted(function_: AsyncMethod): void {
  Reflect.defineMetadata(ROLES, ['reader'], function_);
  Reflect.defineMetadata('timeout', 500, function_);
  let calls = 0;
  Object.assign(function_, { route: '/books/:isbn' });
  Object.defineProperty(function_, LIMIT, { value: 3, enumerable: false });
  Object.defineProperty(function_, 'calls', { get: () => (calls += 1), configurable: true });
}

const Noted = (_target: object, _name: string | symbol, descriptor: TypedPropertyDescriptor<AsyncMethod>): void =>
  noted(descriptor.value as AsyncMethod);

const both = composeDecorators<AsyncMethod>(Cacheable('book'), CacheEvict('list', { allEntries: true }));

class Books {
  @Cacheable('book')
  @Noted
  async find(isbn: string, _isRare?: boolean): Promise<string> {
    return isbn;
  }

  @(both as CacheDecorator<(isbn: string) => Promise<string>>)
  @Noted
  async refresh(isbn: string): Promise<string> {
    return isbn;
  }

  @CacheEvict('list', { allEntries: true })
  @Noted
  @Cacheable('book')
  async between(isbn: string): Promise<string> {
    return isbn;
  }
}

@Cacheable('book')
class Library {
  @Noted
  async find(isbn: string): Promise<string> {
    return isbn;
  }
}

/** Of somebody else; its methods are decorated, and not for caching. */
class Client {
  @Noted
  async find(isbn: string): Promise<string> {
    return isbn;
  }

  @Noted
  async ping(isbn: string): Promise<string> {
    return isbn;
  }
}

describe('Issue 3: what other decorators left on a method', () => {
  const client = (): Client => {
    const container = new Container();
    container.load(cachingModule());
    return cacheProxy(container, new Client(), { find: Cacheable('book') });
  };

  const cases: readonly (readonly [title: string, name: string, length: number, method: () => unknown])[] = [
    ['below a decorator of the method', 'find', 2, () => Reflect.get(Books.prototype, 'find')],
    ['below composed decorators', 'refresh', 1, () => Reflect.get(Books.prototype, 'refresh')],
    ['between two decorators', 'between', 1, () => Reflect.get(Books.prototype, 'between')],
    ['below a decorator above the class', 'find', 1, () => Reflect.get(Library.prototype, 'find')],
    ['under a stand-in', 'find', 1, () => Reflect.get(client(), 'find')],
    ['under a stand-in, where nothing is cached', 'ping', 1, () => Reflect.get(client(), 'ping')],
  ];

  for (const [title, name, length, get] of cases) {
    it(`is on what is called: ${title}`, () => {
      const method = get() as Noted;
      expect(Reflect.getMetadata(ROLES, method)).to.deep.equal(['reader']);
      expect(Reflect.getOwnMetadataKeys(method)).to.have.members([ROLES, 'timeout']);
      expect([method.route, method[LIMIT], Object.keys(method)]).to.deep.equal(['/books/:isbn', 3, ['route']]);
      expect([method.name, method.length]).to.deep.equal([name, length]);
      const before = method.calls!;
      expect(method.calls).to.equal(before + 1);
    });
  }

  it('does not come with what belongs to the function itself', () => {
    const target = function (this: unknown, isbn: string): Promise<string> {
      return Promise.resolve(isbn);
    };
    const descriptor = Cacheable('book')({ constructor: class Old {} } as object, 'find', {
      value: target,
    }) as unknown as PropertyDescriptor;
    const wrapper = descriptor.value as typeof target;
    expect(wrapper).to.not.equal(target);
    expect(wrapper.prototype).to.not.equal(target.prototype);
  });

  it('is on the wrapper of a standard decorator, too', () => {
    const body = async (isbn: string): Promise<string> => isbn;
    noted(body);
    const context = { kind: 'method', name: 'find', static: false, addInitializer: () => undefined };
    const decorate = Cacheable('book') as unknown as (value: unknown, context: unknown) => Noted;
    const wrapper = decorate(body, context);
    expect(wrapper).to.not.equal(body);
    expect([Reflect.getMetadata(ROLES, wrapper), wrapper.route]).to.deep.equal([['reader'], '/books/:isbn']);
  });
});
