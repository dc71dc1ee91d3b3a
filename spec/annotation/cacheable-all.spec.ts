import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import ts from 'typescript';
import {
  Cacheable,
  CacheableAll,
  CacheConfig,
  CacheConfigurationError,
  CacheEvict,
  type CacheOperation,
  CachePut,
  Caching,
  composeDecorators,
} from '../../lib/index.js';
import { cacheOperationsOf } from '../../lib/annotation/index.js';
import { mapCaching } from '../support/map-caching.js';
import type * as Programs from '../types/programs/cacheable-all.js';

/** `spec/types/programs/cacheable-all.ts`, compiled with standard decorators and imported. */
async function importBooks(): Promise<typeof Programs> {
  const source = readFileSync(resolve('spec/types/programs/cacheable-all.ts'), 'utf8').replaceAll('../../../lib/', '../../lib/');
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, experimentalDecorators: false },
  });
  expect(outputText).to.include('__esDecorate');
  const file = new URL(`./standard-cacheable-all-${process.pid}.js`, import.meta.url);
  writeFileSync(file, outputText);
  try {
    return (await import(file.href)) as typeof Programs;
  } finally {
    rmSync(fileURLToPath(file));
  }
}

const any = (value: unknown): any => value;

/** Decorates `BookService.findAll` with decorators that the compiler would refuse, the uppermost first. */
function decorate(
  decorators: readonly unknown[],
  member: PropertyDescriptor = { value: async () => undefined },
): readonly CacheOperation[] {
  class BookService {}
  let descriptor: PropertyDescriptor = { ...member, configurable: true };
  for (const decorator of decorators.toReversed()) {
    descriptor = any(decorator)(BookService.prototype, 'findAll', descriptor) ?? descriptor;
    Object.defineProperty(BookService.prototype, 'findAll', descriptor);
  }
  return cacheOperationsOf(BookService, 'findAll');
}

/** What is thrown: its code, and its message. */
function failure(act: () => unknown): readonly [code: string, message: string] {
  try {
    act();
  } catch (error) {
    expect(error).to.be.instanceOf(CacheConfigurationError);
    const { code, message } = error as CacheConfigurationError;
    return [code, message];
  }
  throw new Error('It was accepted.');
}

describe(CacheableAll.name, () => {
  it('records its options, frozen', () => {
    const key = (isbn: string): string => isbn;
    const unless = (pages: number): boolean => pages === 0;
    const ttl = (pages: number): number => pages;
    const tags = (_pages: number, isbn: string): string[] => [isbn];
    const condition = (isbns: readonly string[]): boolean => isbns.length > 1;
    class BookService {
      @CacheableAll(['book', 'title'], { key, unless, ttl, tags, condition, absent: 'undefined', maximumBatch: 1, refreshAfter: '1m' })
      async findAll(_isbns: readonly string[]): Promise<Map<string, number>> {
        return new Map();
      }
    }
    const [recorded] = cacheOperationsOf(BookService, 'findAll');
    expect(recorded).to.deep.equal({
      kind: 'cacheableAll',
      cacheNames: ['book', 'title'],
      keyGenerator: undefined,
      cacheManager: undefined,
      cacheResolver: undefined,
      key,
      condition,
      unless,
      ttl,
      tags,
      freshness: { staleIfError: undefined, refreshAfter: '1m', loadTimeout: undefined },
      result: 'map',
      absent: 'undefined',
      maximumBatch: 1,
    });
    expect(recorded).to.be.frozen;
    expect(recorded!.cacheNames).to.be.frozen;
  });

  it('takes names inside the options, or none, and has a default for the shape alone', () => {
    class BookService {
      @CacheableAll({ cacheNames: 'book', result: 'array', ttl: '1m', keyGenerator: 'keys', cacheManager: 'manager' })
      async list(_isbns: readonly string[]): Promise<number[]> {
        return [];
      }

      @CacheableAll()
      async findAll(_isbns: readonly string[]): Promise<Map<string, number>> {
        return new Map();
      }
    }
    const [list] = cacheOperationsOf(BookService, 'list');
    expect(list).to.include({ result: 'array', ttl: 60_000, keyGenerator: 'keys', cacheManager: 'manager' });
    expect(list!.cacheNames).to.deep.equal(['book']);
    const { kind, cacheNames, result, ...others } = cacheOperationsOf(BookService, 'findAll')[0] as CacheOperation & { result: string };
    expect([kind, cacheNames, result]).to.deep.equal(['cacheableAll', [], 'map']);
    expect(Object.values(others).filter((value) => value !== undefined)).to.deep.equal([]);
  });

  it('keeps name and length of the method, and leaves a plain object as it was', async () => {
    const error = new Error('no such shelf');
    class BookService {
      readonly #shelf = 'A3';

      @CacheableAll('book')
      async findAll(isbns: readonly string[], _language: string): Promise<Map<string, string>> {
        if (isbns.length > 2) throw error;
        return new Map(isbns.map((isbn) => [isbn, `${this.#shelf}/${isbn}`]));
      }
    }
    expect([BookService.prototype.findAll.name, BookService.prototype.findAll.length]).to.deep.equal(['findAll', 2]);
    const service = new BookService();
    expect(await service.findAll(['a', 'a'], 'en')).to.deep.equal(new Map([['a', 'A3/a']]));
    expect(await service.findAll(['a', 'b', 'c'], 'en').catch((thrown: unknown) => thrown)).to.equal(error);
  });

  const known =
    'Known are `cacheNames`, `keyGenerator`, `cacheManager`, `cacheResolver`, `key`, `condition`, `unless`, `ttl`, `tags`, ' +
    '`result`, `absent`, `maximumBatch`, `staleIfError`, `refreshAfter`, `loadTimeout`.';
  const wrong: readonly (readonly [what: string, options: object, complaint: string])[] = [
    ['a misspelt option', { maximumBatsh: 1 }, `there is no option \`maximumBatsh\`. Did you mean \`maximumBatch\`? ${known}`],
    ['an option that is nowhere near', { colour: 1 }, `there is no option \`colour\`. ${known}`],
    ['sync', { sync: true }, `there is no option \`sync\`. ${known}`],
    ['a key that is no function', { key: 'id' }, 'expected `key` to be a function, got `id` (string).'],
    ['a condition that is no function', { condition: true }, 'expected `condition` to be a function, got `true` (boolean).'],
    ['an unless that is no function', { unless: {} }, 'expected `unless` to be a function, got an object.'],
    ['tags that are no function', { tags: ['a'] }, 'expected `tags` to be a function, got an array.'],
    [
      'a negative ttl',
      { ttl: -1 },
      "expected `ttl` to be a duration, not negative and at most 10 years, such as 500, '60s' or '5m', got `-1` (number).",
    ],
    [
      'a wrong freshness',
      { loadTimeout: '2d' },
      "expected `loadTimeout` to be a duration, not negative and at most 24 hours, such as 500, '60s' or '5m', got `2d` (string).",
    ],
    ['a shape that there is not', { result: 'set' }, "expected `result` to be 'map' or 'array', got `set` (string)."],
    ['a shape that is no word', { result: Map }, "expected `result` to be 'map' or 'array', got a function."],
    ['null for absent ones', { absent: null }, "expected `absent` to be 'null' or 'undefined', got `null`."],
    ['another word for absent ones', { absent: 'nothing' }, "expected `absent` to be 'null' or 'undefined', got `nothing` (string)."],
    ...[0, -1, 1.5, NaN, Infinity, '10'].map(
      (maximumBatch) =>
        [
          `a batch of ${JSON.stringify(maximumBatch)} (${String(maximumBatch)})`,
          { maximumBatch },
          `expected \`maximumBatch\` to be a whole number of at least 1, got \`${maximumBatch}\` (${typeof maximumBatch}).`,
        ] as const,
    ),
    ['a cache named twice', { cacheNames: ['a', 'a'] }, "`cacheNames` names the cache 'a' twice."],
  ];
  for (const [what, options, complaint] of wrong) {
    it(`refuses ${what}`, () => {
      const decorator = CacheableAll(any({ cacheNames: 'book', ...options }));
      expect(failure(() => decorate([decorator]))).to.deep.equal([
        'CACHE_OPTION_INVALID',
        `Invalid @CacheableAll on BookService.findAll: ${complaint}`,
      ]);
    });
  }

  it('refuses options that contradict each other', () => {
    for (const [options, complaint] of [
      [
        { key: () => 1, keyGenerator: 'keys' },
        '`key` and `keyGenerator` cannot both be set. Set the function that makes the key, or name the service that does.',
      ],
      [
        { cacheManager: 'manager', cacheResolver: 'resolver' },
        '`cacheManager` and `cacheResolver` cannot both be set. A resolver of its own chooses the caches, so the manager would not be asked.',
      ],
    ] as const) {
      expect(failure(() => decorate([CacheableAll('book', any(options))]))).to.deep.equal([
        'CACHE_OPERATION_INVALID',
        `Invalid @CacheableAll on BookService.findAll: ${complaint}`,
      ]);
    }
  });

  describe('is the only cache operation of its method', () => {
    const all = CacheableAll('book', any({}));
    const complaint = (found: string): readonly [string, string] => [
      'CACHE_OPERATION_INVALID',
      `Invalid caching of BookService.findAll: @CacheableAll must be its only cache operation, found also ${found}. ` +
        'Give the other operation a method of its own.',
    ];
    const others: readonly (readonly [name: string, decorator: unknown, found: string])[] = [
      ['@Cacheable', Cacheable('book'), '@Cacheable'],
      ['@Cacheable with sync', Cacheable('book', { sync: true }), '@Cacheable'],
      ['@Cacheable with freshness', Cacheable('book', { refreshAfter: 1 }), '@Cacheable'],
      ['@CachePut', CachePut('book'), '@CachePut'],
      ['@CacheEvict', CacheEvict('book', { allEntries: true }), '@CacheEvict'],
      ['another one', CacheableAll('list', any({})), '@CacheableAll'],
      ['@Caching', Caching({ put: { cacheNames: 'a' }, evict: [{ cacheNames: 'b' }] }), '@CachePut, @CacheEvict'],
    ];
    for (const [name, other, found] of others) {
      it(`above ${name}, below it, and composed with it`, () => {
        expect(failure(() => decorate([all, other]))).to.deep.equal(complaint(found));
        expect(failure(() => decorate([other, all]))).to.deep.equal(complaint(found));
        expect(failure(() => decorate([composeDecorators(any(all), any(other))]))).to.deep.equal(complaint(found));
        expect(failure(() => decorate([composeDecorators(any(other), any(all))]))).to.deep.equal(complaint(found));
      });
    }

    it('but an empty group, or a composition of it alone', () => {
      for (const decorators of [
        [all, Caching({})],
        [Caching({}), all],
        [composeDecorators(any(all))],
        [composeDecorators(composeDecorators(any(all)), Caching({}))],
      ]) {
        expect(decorate(decorators).map(({ kind }) => kind)).to.deep.equal(['cacheableAll']);
      }
    });

    it('and no part of a group', () => {
      expect(failure(() => decorate([Caching(any({ cacheableAll: { cacheNames: 'book' } }))]))).to.deep.equal([
        'CACHE_OPTION_INVALID',
        'Invalid @Caching on BookService.findAll: there is no option `cacheableAll`. Did you mean `cacheable`? Known are `cacheable`, `put`, `evict`.',
      ]);
    });
  });

  it('is refused above a class, composed or not, and leaves the class as it was', () => {
    for (const decorator of [CacheableAll('book', any({})), composeDecorators(Cacheable('a'), any(CacheableAll('book', any({}))))]) {
      class BookService {
        async findAll(): Promise<void> {}
      }
      const { findAll } = BookService.prototype;
      for (const apply of [() => any(decorator)(BookService), () => any(decorator)(BookService, { kind: 'class', name: 'BookService' })]) {
        expect(failure(apply)).to.deep.equal([
          'CACHE_OPERATION_INVALID',
          'Invalid caching of BookService: @CacheableAll is meant for one method. Decorate the methods whose first parameter is an array of ids.',
        ]);
      }
      expect(BookService.prototype.findAll).to.equal(findAll);
    }
  });

  it('is refused for what is no method of a service', () => {
    const decorator = any(CacheableAll('book', any({})));
    class BookService {
      static async findAll(): Promise<void> {}
    }
    expect(failure(() => decorator(BookService, 'findAll', { value: BookService.findAll }))).to.deep.equal([
      'CACHE_OPERATION_INVALID',
      'Invalid caching of BookService.findAll: it is static and belongs to no object that a container makes. Make it a method of a service.',
    ]);
    const members: readonly (readonly [member: PropertyDescriptor, complaint: string])[] = [
      [
        { value: function* () {} },
        'it is a generator, whose result can be read only once. Collect the items into an array and return a promise of it.',
      ],
      [
        { value: async function* () {} },
        'it is an async generator, whose result can be read only once. Collect the items into an array and return a promise of it.',
      ],
      [{ get: () => 1 }, 'only methods can be cached. Make the accessor or property a method that returns a promise.'],
    ];
    for (const [member, complaint] of members) {
      expect(failure(() => decorate([decorator], member))).to.deep.equal([
        'CACHE_OPERATION_INVALID',
        `Invalid caching of BookService.findAll: ${complaint}`,
      ]);
    }
    const context = { kind: 'method', name: 'findAll', static: true, private: false, addInitializer: () => undefined };
    expect(failure(() => decorator(async () => undefined, context))[1]).to.match(/^Invalid caching of findAll: it is static /);
  });

  it('takes the names and services of @CacheConfig, those of a subclass before those of its base', async () => {
    @CacheConfig({ cacheNames: 'base' })
    class Repository {
      runs: unknown[] = [];

      @CacheableAll()
      async findAll(ids: readonly number[]): Promise<Map<number, string>> {
        this.runs.push(ids);
        return new Map(ids.map((id) => [id, `${this.constructor.name} ${id}`]));
      }
    }
    @CacheConfig({ cacheNames: 'film' })
    class Films extends Repository {}
    @CacheConfig({ cacheNames: 'song' })
    class Songs extends Repository {
      override async findAll(ids: readonly number[]): Promise<Map<number, string>> {
        return super.findAll([...ids, 9]);
      }
    }
    const { container, caches } = mapCaching();
    for (const [type, name, ids] of [
      [Repository, 'base', [1, 2]],
      [Films, 'film', [1, 2]],
      [Songs, 'song', [1, 2, 9]],
    ] as const) {
      container.bind(type).toSelf();
      const repository = container.get<Repository>(type);
      for (let i = 0; i < 2; i += 1) {
        expect(await repository.findAll([1, 2])).to.deep.equal(new Map(ids.map((id) => [id, `${type.name} ${id}`])));
      }
      expect(repository.runs, name).to.deep.equal([ids]);
      expect([...caches.cache(name).entries.keys()]).to.deep.equal(ids.map((id) => `~${id}`));
    }
  });

  it('works as a standard decorator', async () => {
    const { Books } = await importBooks();
    const { container, caches } = mapCaching();
    container.bind(Books).toSelf();
    const books = container.get(Books);
    const pages = async (isbns: string[]): Promise<unknown> => [...(await books.findAll(isbns))].map(([isbn, book]) => [isbn, book.pages]);
    expect(await pages(['a', 'bb', 'a'])).to.deep.equal([
      ['a', 1],
      ['bb', 2],
    ]);
    expect(await books.find('bb')).to.deep.equal({ isbn: 'bb', pages: 2 });
    expect(await pages(['ccc', 'a'])).to.deep.equal([
      ['ccc', 3],
      ['a', 1],
    ]);
    expect(await books.list(['a', '', 'a'])).to.deep.equal([{ isbn: 'a', pages: 1 }, undefined, { isbn: 'a', pages: 1 }]);
    expect(books.runs).to.deep.equal([
      [['a', 'bb'], 'en', 'A3'],
      [['ccc'], 'en', 'A3'],
      ['a', ''],
    ]);
    expect([...caches.cache('book').entries.keys()]).to.deep.equal(['a', 'bb', 'ccc', '~["array","a"]']);
    const decorators = [cacheOperationsOf(Books, 'decided'), cacheOperationsOf(Books, 'configured')];
    expect(decorators.map(([operation, ...others]) => [operation?.kind, ...others])).to.deep.equal([['cacheableAll'], ['cacheableAll']]);
  });
});
