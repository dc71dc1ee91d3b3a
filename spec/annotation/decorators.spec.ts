import { expect } from 'chai';
import { Cacheable, CacheConfig, CacheConfigurationError, CacheEvict, type CacheOperation, CachePut, Caching } from '../../lib/index.js';
import { cacheOperationsOf } from '../../lib/annotation/index.js';

type Class = abstract new (...args: never[]) => unknown;

const operation = (declaringClass: Class, method: string | symbol): CacheOperation => {
  const operations = cacheOperationsOf(declaringClass, method);
  expect(operations).to.have.lengthOf(1);
  return operations[0]!;
};

/** Decorates `BookService.find` with options that the compiler would refuse. */
function decorate(decorator: any, member: PropertyDescriptor = { value: async () => undefined }): void {
  class BookService {}
  const descriptor = { ...member, configurable: true };
  Object.defineProperty(BookService.prototype, 'find', decorator(BookService.prototype, 'find', descriptor) ?? descriptor);
}

function failure(act: () => unknown): CacheConfigurationError {
  try {
    act();
  } catch (error) {
    expect(error).to.be.instanceOf(CacheConfigurationError);
    return error as CacheConfigurationError;
  }
  throw new Error('It was accepted.');
}

const any = (value: unknown): any => value;

describe(Cacheable.name, () => {
  it('records its options, frozen', () => {
    const key = (id: number): number => id;
    const unless = (found: string): boolean => found === '';
    class BookService {
      @Cacheable(['book', 'title'], { key, unless, ttl: '1m' })
      async find(_id: number): Promise<string> {
        return '';
      }
    }
    const recorded = operation(BookService, 'find');
    expect(recorded).to.deep.equal({
      kind: 'cacheable',
      cacheNames: ['book', 'title'],
      keyGenerator: undefined,
      cacheManager: undefined,
      cacheResolver: undefined,
      key,
      condition: undefined,
      unless,
      sync: false,
      ttl: 60_000,
      tags: undefined,
      freshness: undefined,
    });
    expect(recorded).to.be.frozen;
    expect(recorded.cacheNames).to.be.frozen;
  });

  it('records what it says about freshness, frozen, and refuses what cannot be', () => {
    class BookService {
      @Cacheable('book', { staleIfError: '1h', loadTimeout: 0 })
      async find(): Promise<void> {}
    }
    const { freshness } = operation(BookService, 'find') as { readonly freshness?: unknown };
    expect(freshness).to.deep.equal({ staleIfError: '1h', refreshAfter: undefined, loadTimeout: 0 });
    expect(freshness).to.be.frozen;
    const wrong: readonly (readonly [options: object, complaint: string])[] = [
      [{ staleIfError: { until: '1h' } }, 'unknown option `staleIfError.until`.'],
      [{ staleIfError: { for: '1h', when: 'always' } }, 'expected `staleIfError.when` to be a function, got string.'],
      [{ refreshAfter: -1 }, 'expected `refreshAfter` to be a duration, not negative'],
      [{ loadTimeout: '2d' }, 'expected `loadTimeout` to be a duration, not negative and at most 24 hours'],
    ];
    for (const [options, complaint] of wrong) {
      const { code, message } = failure(() => decorate(Cacheable('book', any(options))));
      expect(code).to.equal('CACHE_OPTION_INVALID');
      expect(message).to.include(`Invalid @Cacheable on BookService.find: ${complaint}`);
    }
  });

  it('does not see later changes of the names it was given', () => {
    const names = ['book'];
    class BookService {
      @Cacheable(names)
      async find(): Promise<void> {}
    }
    names.push('other');
    expect(operation(BookService, 'find').cacheNames).to.deep.equal(['book']);
  });

  it('takes names inside the options, or none', () => {
    class BookService {
      @Cacheable({ cacheNames: 'book' })
      async find(): Promise<void> {}

      @Cacheable()
      async list(): Promise<void> {}
    }
    expect(operation(BookService, 'find').cacheNames).to.deep.equal(['book']);
    expect(operation(BookService, 'list').cacheNames).to.deep.equal([]);
  });

  it('keeps name and length of the method', () => {
    const secret = Symbol('secret');
    class BookService {
      @Cacheable('book')
      async find(_author: string, _year: number): Promise<void> {}

      @Cacheable('book')
      async [secret](_id: number): Promise<void> {}
    }
    expect(BookService.prototype.find.name).to.equal('find');
    expect(BookService.prototype.find).to.have.lengthOf(2);
    expect(BookService.prototype[secret].name).to.equal('[secret]');
    expect(Object.getOwnPropertyDescriptor(BookService.prototype, 'find')).to.include({
      enumerable: false,
      writable: true,
      configurable: true,
    });
  });

  it('leaves a plain object as it was: same result, same `this`, same error', async () => {
    const error = new Error('no such book');
    class BookService {
      #shelf = 'A3';

      @Cacheable('book')
      async find(id: number): Promise<string> {
        if (id < 0) throw error;
        return `${this.#shelf}/${id}`;
      }
    }
    const service = new BookService();
    expect(await service.find(1)).to.equal('A3/1');
    expect(await service.find(-1).catch((thrown: unknown) => thrown)).to.equal(error);
  });

  it('lists stacked decorators from top to bottom', () => {
    class BookService {
      @Cacheable('a')
      @Cacheable('b')
      @CacheEvict('c')
      async find(): Promise<void> {}
    }
    expect(cacheOperationsOf(BookService, 'find').map(({ cacheNames: [name] }) => name)).to.deep.equal(['a', 'b', 'c']);
  });

  it('finds its own record again under a foreign decorator', () => {
    const log: string[] = [];
    const foreign = (_target: object, _name: string, descriptor: PropertyDescriptor): void => {
      const inner = descriptor.value;
      descriptor.value = function (...args: unknown[]) {
        log.push('foreign');
        return inner.apply(this, args);
      };
    };
    class BookService {
      @Cacheable('a')
      @foreign
      @Cacheable('b')
      async find(): Promise<void> {}
    }
    expect(cacheOperationsOf(BookService, 'find')).to.have.lengthOf(2);
    void new BookService().find();
    expect(log).to.deep.equal(['foreign']);
  });

  it('keeps what a subclass overrides apart', () => {
    abstract class Repository {
      @Cacheable('any')
      async find(_id: number): Promise<string> {
        return '';
      }
    }
    class Books extends Repository {
      @Cacheable('book')
      override async find(id: number): Promise<string> {
        return super.find(id);
      }
    }
    class Films extends Repository {
      override async find(): Promise<string> {
        return '';
      }
    }
    class Songs extends Repository {}
    expect(operation(Repository, 'find').cacheNames).to.deep.equal(['any']);
    expect(operation(Books, 'find').cacheNames).to.deep.equal(['book']);
    expect(cacheOperationsOf(Films, 'find')).to.be.empty;
    expect(operation(Songs, 'find').cacheNames).to.deep.equal(['any']);
  });

  it('names the class, the method and the nearest option when it does not know one', () => {
    const error = failure(() => decorate(Cacheable('book', any({ kye: () => 1 }))));
    expect(error.code).to.equal('CACHE_OPTION_INVALID');
    expect(error.message).to.equal(
      'Invalid @Cacheable on BookService.find: there is no option `kye`. Did you mean `key`? ' +
        'Known are `cacheNames`, `keyGenerator`, `cacheManager`, `cacheResolver`, `key`, `condition`, `unless`, `sync`, `ttl`, `tags`, ' +
        '`staleIfError`, `refreshAfter`, `loadTimeout`.',
    );
  });

  it('guesses at no name that is nowhere near', () => {
    expect(failure(() => decorate(Cacheable('book', any({ colour: 1 })))).message).to.equal(
      'Invalid @Cacheable on BookService.find: there is no option `colour`. ' +
        'Known are `cacheNames`, `keyGenerator`, `cacheManager`, `cacheResolver`, `key`, `condition`, `unless`, `sync`, `ttl`, `tags`, ' +
        '`staleIfError`, `refreshAfter`, `loadTimeout`.',
    );
  });

  const wrong: [string, object, string][] = [
    ['a key that is no function', { key: 'id' }, 'expected `key` to be a function, got `id` (string).'],
    ['a condition that is no function', { condition: true }, 'expected `condition` to be a function, got `true` (boolean).'],
    ['an unless that is no function', { unless: {} }, 'expected `unless` to be a function, got an object.'],
    ['sync that is no flag', { sync: 'yes' }, 'expected `sync` to be true or false, got `yes` (string).'],
    ['an empty cache name', { cacheNames: '' }, 'expected `cacheNames` to be a non-empty string or an array of them, got an empty string.'],
    [
      'a cache name that is no string',
      { cacheNames: ['a', 1] },
      'expected `cacheNames` to be a non-empty string or an array of them, got `1` (number).',
    ],
    ['a cache named twice', { cacheNames: ['a', 'b', 'a'] }, "`cacheNames` names the cache 'a' twice."],
    [
      'a service identifier that is none',
      { keyGenerator: 7 },
      'expected `keyGenerator` to be a service identifier (a class, symbol or string), got `7` (number).',
    ],
    [
      'a negative ttl',
      { ttl: -1 },
      "expected `ttl` to be a duration, not negative and at most 10 years, such as 500, '60s' or '5m', got `-1` (number).",
    ],
    [
      'an absurd ttl',
      { ttl: '4000d' },
      "expected `ttl` to be a duration, not negative and at most 10 years, such as 500, '60s' or '5m', got `4000d` (string).",
    ],
    [
      'a stale time without a known unit',
      { staleIfError: '5 minutes' },
      "expected `staleIfError` to be a duration, not negative and at most 10 years, such as 500, '60s' or '5m', got `5 minutes` (string).",
    ],
    [
      'a `when` that is no function',
      { staleIfError: { for: '5m', when: true } },
      'expected `staleIfError.when` to be a function, got boolean.',
    ],
    [
      'an unknown part of a stale time',
      { staleIfError: { for: '5m', until: 1 } },
      'unknown option `staleIfError.until`. Known here: for, when, retryAfter.',
    ],
    [
      'a negative age of a refresh',
      { refreshAfter: -1 },
      "expected `refreshAfter` to be a duration, not negative and at most 10 years, such as 500, '60s' or '5m', got `-1` (number).",
    ],
    [
      'a load timeout of more than a day',
      { loadTimeout: '2d' },
      "expected `loadTimeout` to be a duration, not negative and at most 24 hours, such as 500, '60s' or '5m', got `2d` (string).",
    ],
    [
      'a ttl without a known unit',
      { ttl: '5 minutes' },
      "expected `ttl` to be a duration, not negative and at most 10 years, such as 500, '60s' or '5m', got `5 minutes` (string).",
    ],
  ];
  for (const [what, options, complaint] of wrong) {
    it(`refuses ${what}`, () => {
      const error = failure(() => decorate(Cacheable(any(options))));
      expect(error.code).to.equal('CACHE_OPTION_INVALID');
      expect(error.message).to.equal(`Invalid @Cacheable on BookService.find: ${complaint}`);
    });
  }

  const contradictions: [string, any, string][] = [
    [
      'key with keyGenerator',
      Cacheable('a', any({ key: () => 1, keyGenerator: 'generator' })),
      '@Cacheable on BookService.find: `key` and `keyGenerator` cannot both be set. Set the function that makes the key, or name the service that does.',
    ],
    [
      'cacheManager with cacheResolver',
      CacheEvict('a', any({ cacheManager: 'manager', cacheResolver: 'resolver' })),
      '@CacheEvict on BookService.find: `cacheManager` and `cacheResolver` cannot both be set. ' +
        'A resolver of its own chooses the caches, so the manager would not be asked.',
    ],
    [
      'sync with unless',
      Cacheable('a', any({ sync: true, unless: () => true })),
      '@Cacheable on BookService.find: `sync` and `unless` cannot both be set. What is loaded under `sync` is always stored.',
    ],
    [
      'resultKey with key on a put',
      CachePut('a', any({ key: () => 1, resultKey: () => 1 })),
      '@CachePut on BookService.find: `resultKey` and `key` cannot both be set. An entry has one key.',
    ],
    [
      'beforeInvocation with resultKey',
      CacheEvict('a', any({ beforeInvocation: true, resultKey: () => 1 })),
      '@CacheEvict on BookService.find: `beforeInvocation` and `resultKey` cannot both be set. Before the method runs there is no result.',
    ],
    [
      'aroundInvocation with beforeInvocation',
      CacheEvict('a', any({ aroundInvocation: true, beforeInvocation: true })),
      '@CacheEvict on BookService.find: `aroundInvocation` and `beforeInvocation` cannot both be set. It evicts before the method as well as after it.',
    ],
    ...['resultKey', 'resultTags', 'unless'].map((option): [string, unknown, string] => [
      `aroundInvocation with ${option}`,
      CacheEvict('a', any({ aroundInvocation: true, [option]: () => 1 })),
      `@CacheEvict on BookService.find: \`aroundInvocation\` and \`${option}\` cannot both be set. The keys are withheld before the method runs, when there is no result.`,
    ]),
    [
      'aroundInvocation with allEntries',
      CacheEvict('a', any({ aroundInvocation: true, allEntries: true })),
      "@CacheEvict on BookService.find: `aroundInvocation` and `allEntries` cannot both be set. Name the keys by `keys`, or clear by hand between `cache.intend('all')` and its end.",
    ],
    [
      'beforeInvocation with unless',
      CacheEvict('a', any({ beforeInvocation: true, unless: () => true })),
      '@CacheEvict on BookService.find: `beforeInvocation` and `unless` cannot both be set. Before the method runs there is no result.',
    ],
    [
      'keys with key',
      CacheEvict('a', any({ key: () => 1, keys: () => [1] })),
      '@CacheEvict on BookService.find: `keys` and `key` cannot both be set. Let `keys` return all the keys.',
    ],
    [
      'resultKey with keys',
      CacheEvict('a', any({ resultKey: () => 1, keys: () => [1] })),
      '@CacheEvict on BookService.find: `resultKey` and `keys` cannot both be set. Write two @CacheEvict to evict by both.',
    ],
    ...['key', 'keys', 'resultKey', 'tags', 'resultTags'].map((option): [string, any, string] => [
      `allEntries with ${option}`,
      CacheEvict('a', any({ allEntries: true, [option]: () => 1 })),
      `@CacheEvict on BookService.find: \`allEntries\` and \`${option}\` cannot both be set. All entries go, whatever their keys and tags.`,
    ]),
    ...['tags', 'resultTags'].flatMap((one) =>
      ['key', 'keys', 'resultKey', 'keyGenerator'].map((other): [string, any, string] => [
        `${one} with ${other}`,
        CacheEvict('a', any({ [one]: () => [1], [other]: () => 1 })),
        `@CacheEvict on BookService.find: \`${one}\` and \`${other}\` cannot both be set. Write two @CacheEvict to evict by both.`,
      ]),
    ),
    [
      'tags with resultTags',
      CacheEvict('a', any({ tags: () => [1], resultTags: () => [1] })),
      '@CacheEvict on BookService.find: `tags` and `resultTags` cannot both be set. Let `resultTags` return all the tags.',
    ],
    [
      'aroundInvocation with tags',
      CacheEvict('a', any({ aroundInvocation: true, tags: () => [1] })),
      "@CacheEvict on BookService.find: `aroundInvocation` and `tags` cannot both be set. Only keys can be withheld: name them, or use `cache.intend('all')` and its end.",
    ],
    [
      'beforeInvocation with resultTags',
      CacheEvict('a', any({ beforeInvocation: true, resultTags: () => [1] })),
      '@CacheEvict on BookService.find: `beforeInvocation` and `resultTags` cannot both be set. Before the method runs there is no result.',
    ],
  ];
  for (const [what, decorator, complaint] of contradictions) {
    it(`refuses ${what}`, () => {
      const error = failure(() => decorate(decorator));
      expect(error.code).to.equal('CACHE_OPERATION_INVALID');
      expect(error.message).to.equal(`Invalid ${complaint}`);
    });
  }

  it('takes a flag that is off for one that was not given', () => {
    decorate(CacheEvict('a', { allEntries: false, beforeInvocation: false, aroundInvocation: false, key: () => 1 }));
    decorate(Cacheable('a', { sync: false, unless: () => true }));
  });

  it('refuses sync on several caches', () => {
    const error = failure(() => decorate(Cacheable(['a', 'b'], { sync: true })));
    expect(error.code).to.equal('CACHE_OPERATION_INVALID');
    expect(error.message).to.equal(
      "Invalid caching of BookService.find: @Cacheable with `sync: true` takes one cache, got 'a', 'b'. " +
        'Name one cache, or leave `sync` out: loads of one key are shared without it.',
    );
  });

  it('refuses sync beside another operation, whichever stands on top', () => {
    const message =
      'Invalid caching of BookService.find: @Cacheable with `sync: true` must be its only cache operation, found also @CacheEvict. ' +
      'Leave `sync` out: loads of one key are shared without it.';
    const evictOnTop = failure(() => {
      class BookService {
        @CacheEvict('b')
        @Cacheable('a', { sync: true })
        async find(): Promise<void> {}
      }
      return BookService;
    });
    const evictBelow = failure(() => {
      class BookService {
        @Cacheable('a', { sync: true })
        @CacheEvict('b')
        async find(): Promise<void> {}
      }
      return BookService;
    });
    expect(evictOnTop.message).to.equal(message);
    expect(evictBelow.message).to.equal(message);
  });

  it('refuses sync where @CacheConfig gives several caches', () => {
    const error = failure(() => {
      @CacheConfig({ cacheNames: ['a', 'b'] })
      class BookService {
        @Cacheable({ sync: true })
        async find(): Promise<void> {}
      }
      return BookService;
    });
    expect(error.message).to.equal(
      "Invalid caching of BookService.find: @Cacheable with `sync: true` takes one cache, got 'a', 'b'. " +
        'Name one cache, or leave `sync` out: loads of one key are shared without it.',
    );
  });

  it('refuses accessors, generators and static methods', () => {
    expect(failure(() => decorate(Cacheable('a'), { get: () => Promise.resolve() })).message).to.equal(
      'Invalid caching of BookService.find: only methods can be cached. Make the accessor or property a method that returns a promise.',
    );
    expect(failure(() => decorate(Cacheable('a'), { value: function* () {} })).message).to.equal(
      'Invalid caching of BookService.find: it is a generator, whose result can be read only once. Collect the items into an array and return a promise of it.',
    );
    expect(failure(() => decorate(Cacheable('a'), { value: async function* () {} })).message).to.equal(
      'Invalid caching of BookService.find: it is an async generator, whose result can be read only once. ' +
        'Collect the items into an array and return a promise of it.',
    );
    const error = failure(() => {
      class BookService {
        @Cacheable('a')
        static async find(): Promise<void> {}
      }
      return BookService;
    });
    expect(error.code).to.equal('CACHE_OPERATION_INVALID');
    expect(error.message).to.equal(
      'Invalid caching of BookService.find: it is static and belongs to no object that a container makes. Make it a method of a service.',
    );
  });

  it('writes symbols and nameless classes as well as it can', () => {
    const decorator: any = Cacheable(['a', 'b'], { sync: true });
    const { prototype } = (() => class {})();
    const complaint =
      "@Cacheable with `sync: true` takes one cache, got 'a', 'b'. Name one cache, or leave `sync` out: loads of one key are shared without it.";
    expect(failure(() => decorator(prototype, Symbol('find'), { value: async () => undefined })).message).to.equal(
      `Invalid caching of (anonymous class)[Symbol(find)]: ${complaint}`,
    );
    expect(failure(() => decorator(prototype, 'find', { value: async () => undefined })).message).to.equal(
      `Invalid caching of (anonymous class).find: ${complaint}`,
    );
  });
});

describe(CacheEvict.name, () => {
  it('records its options', () => {
    const keys = (ids: number[]): number[] => ids;
    class BookService {
      @CacheEvict('book', { keys, acks: 'all' })
      async remove(_ids: number[]): Promise<void> {}
    }
    expect(operation(BookService, 'remove')).to.deep.equal({
      kind: 'evict',
      cacheNames: ['book'],
      keyGenerator: undefined,
      cacheManager: undefined,
      cacheResolver: undefined,
      key: undefined,
      condition: undefined,
      unless: undefined,
      allEntries: false,
      aroundInvocation: false,
      beforeInvocation: false,
      keys,
      resultKey: undefined,
      tags: undefined,
      resultTags: undefined,
      acks: 'all',
      unacknowledged: undefined,
    });
  });

  it('records an eviction around the method, beside the options that go with it', () => {
    class BookService {
      @CacheEvict('book', { aroundInvocation: true, key: (id) => id, acks: 'all' })
      async save(_id: number): Promise<void> {}

      @CacheEvict('book', { aroundInvocation: true, keyGenerator: 'keys', unacknowledged: 'report' })
      async saveQuietly(_id: number): Promise<void> {}
    }
    expect(operation(BookService, 'save')).to.include({ aroundInvocation: true, beforeInvocation: false, acks: 'all' });
    expect(operation(BookService, 'saveQuietly')).to.include({ aroundInvocation: true, keyGenerator: 'keys', unacknowledged: 'report' });
    expect(failure(() => decorate(CacheEvict('a', any({ aroundInvocation: 'yes' })))).message).to.equal(
      'Invalid @CacheEvict on BookService.find: expected `aroundInvocation` to be true or false, got `yes` (string).',
    );
    expect(failure(() => decorate(CacheEvict('a', any({ aroundInvocation: true, acks: 'all', unacknowledged: 'report' })))).code).to.equal(
      'CACHE_OPERATION_INVALID',
    );
  });

  it('refuses acks of another kind', () => {
    expect(failure(() => decorate(CacheEvict('a', any({ acks: 'some' })))).message).to.equal(
      "Invalid @CacheEvict on BookService.find: expected `acks` to be 'none' or 'all', got `some` (string).",
    );
  });
});

describe(Caching.name, () => {
  it('records its parts, each with its own options', () => {
    class BookService {
      @Caching({ cacheable: { cacheNames: 'a' }, put: [{ cacheNames: 'b' }, { cacheNames: 'c', ttl: 5 }], evict: [{ cacheNames: 'd' }] })
      async find(): Promise<void> {}
    }
    expect(cacheOperationsOf(BookService, 'find').map(({ kind, cacheNames }) => [kind, ...cacheNames])).to.deep.equal([
      ['cacheable', 'a'],
      ['put', 'b'],
      ['put', 'c'],
      ['evict', 'd'],
    ]);
  });

  it('records nothing for an empty group', () => {
    class BookService {
      @Caching({})
      async find(): Promise<void> {}
    }
    expect(cacheOperationsOf(BookService, 'find')).to.deep.equal([]);
  });

  it('refuses an unknown part, and names the decorator of a wrong one', () => {
    expect(failure(() => decorate(Caching(any({ evicts: [] })))).message).to.equal(
      'Invalid @Caching on BookService.find: there is no option `evicts`. Did you mean `evict`? Known are `cacheable`, `put`, `evict`.',
    );
    expect(failure(() => decorate(Caching({ put: any([{ cacheNames: 'a', acks: 'all' }]) }))).message).to.equal(
      'Invalid @CachePut on BookService.find: there is no option `acks`. ' +
        'Known are `cacheNames`, `keyGenerator`, `cacheManager`, `cacheResolver`, `key`, `condition`, `unless`, `ttl`, `tags`, `resultKey`, `unacknowledged`.',
    );
  });
});

describe(CacheConfig.name, () => {
  it('refuses what it does not know', () => {
    const error = failure(() => {
      @CacheConfig(any({ cacheName: 'a' }))
      class BookService {}
      return BookService;
    });
    expect(error.message).to.equal(
      'Invalid @CacheConfig on BookService: there is no option `cacheName`. Did you mean `cacheNames`? ' +
        'Known are `cacheNames`, `keyGenerator`, `cacheManager`, `cacheResolver`.',
    );
  });

  it('takes a manager and a resolver: the resolver wins', () => {
    @CacheConfig({ cacheManager: 'manager', cacheResolver: 'resolver' })
    class BookService {}
    expect(BookService).to.be.a('function');
  });
});
