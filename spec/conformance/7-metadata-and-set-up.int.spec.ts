import { expect } from 'chai';
import { Container } from 'inversify';
import sinon from 'sinon';
import { cacheOperationsOf } from '../../lib/annotation/index.js';
import {
  type AsyncMethod,
  type Cache,
  Cacheable,
  CacheConfig,
  CacheConfigurationError,
  type CacheDecorator,
  CacheErrorHandler,
  CacheEvict,
  CacheInterceptor,
  type CacheKey,
  CacheManager,
  type CacheOperationContext,
  cacheProxy,
  cachingModule,
  CachePut,
  CacheResolver,
  Caching,
  composeDecorators,
  KeyGenerator,
  SimpleCacheErrorHandler,
  SimpleCacheResolver,
} from '../../lib/index.js';
import { cacheErrorIn, rejectionOf } from '../contract/rejection.js';
import { onEveryKeptStore, type Opened } from './stage.js';

class Loud extends KeyGenerator {
  override generate(_target: object, method: string | symbol, ...args: readonly unknown[]): CacheKey {
    return `${String(method)}!${args.join()}`;
  }
}

describe('7. Metadata and set-up', () => {
  const kinds = (service: abstract new () => unknown, method: string): string[] =>
    cacheOperationsOf(service, method).map(({ kind, cacheNames }) => `${kind} ${cacheNames.join()}`);

  it('100 singularAnnotation, multipleAnnotation, caching, emptyCaching', () => {
    class Annotated {
      @Cacheable('a')
      async singular(): Promise<void> {}

      @CacheEvict('a')
      @Cacheable('b')
      async multiple(): Promise<void> {}

      @Caching({ cacheable: { cacheNames: 'a' }, evict: [{ cacheNames: 'b' }, { cacheNames: 'c' }] })
      async caching(): Promise<void> {}

      @Caching({})
      async empty(): Promise<void> {}

      async plain(): Promise<void> {}
    }
    expect(['singular', 'multiple', 'caching', 'empty', 'plain'].map((method) => kinds(Annotated, method))).to.deep.equal([
      ['cacheable a'],
      ['evict a', 'cacheable b'],
      ['cacheable a', 'evict b', 'evict c'],
      [],
      [],
    ]);
  });

  it('101 singularStereotype, multipleStereotypes, singleComposedAnnotation, multipleComposedAnnotations', () => {
    /** Stereotypes: one that carries settings, one of several decorators, and one whose names can be overridden. */
    const Kept = <M extends AsyncMethod>(): CacheDecorator<M> => Cacheable<M>('kept', { ttl: '1h' });
    const Write = <M extends AsyncMethod>(): CacheDecorator<M> =>
      composeDecorators<M>(CacheEvict('book'), CacheEvict('list', { allEntries: true }));
    const Named = <M extends AsyncMethod>(cacheNames: string, key: () => CacheKey, condition: () => boolean): CacheDecorator<M> =>
      composeDecorators<M>(Cacheable<M>(cacheNames, { key, condition }));
    const key = (): string => 'key';
    const condition = (): boolean => true;
    class Annotated {
      @Kept()
      async singular(): Promise<void> {}

      @Write()
      @Kept()
      async several(): Promise<void> {}

      @Named('own', key, condition)
      @Write()
      @CachePut('put')
      async overridden(): Promise<void> {}
    }
    expect(kinds(Annotated, 'singular')).to.deep.equal(['cacheable kept']);
    expect(cacheOperationsOf(Annotated, 'singular').map((operation) => operation.kind === 'cacheable' && operation.ttl)).to.deep.equal([
      3_600_000,
    ]);
    expect(kinds(Annotated, 'several')).to.deep.equal(['evict book', 'evict list', 'cacheable kept']);
    expect(kinds(Annotated, 'overridden')).to.deep.equal(['cacheable own', 'evict book', 'evict list', 'put put']);
    const [named] = cacheOperationsOf(Annotated, 'overridden');
    expect([named?.key, named?.condition]).to.deep.equal([key, condition]);
  });

  it('102 customKeyGenerator, customKeyGeneratorInherited, customCacheManager, customCacheManagerInherited, customCacheResolver, customCacheResolverInherited', () => {
    /** A stereotype: a function of the user's own that applies ours. */
    const Own = (option: 'keyGenerator' | 'cacheManager' | 'cacheResolver') => Cacheable('a', { [option]: 'custom' });
    class Annotated {
      @Cacheable('a', { keyGenerator: 'custom' })
      async keyGenerator(): Promise<void> {}

      @Own('keyGenerator')
      async keyGeneratorInherited(): Promise<void> {}

      @Cacheable('a', { cacheManager: 'custom' })
      async cacheManager(): Promise<void> {}

      @Own('cacheManager')
      async cacheManagerInherited(): Promise<void> {}

      @Cacheable('a', { cacheResolver: 'custom' })
      async cacheResolver(): Promise<void> {}

      @Own('cacheResolver')
      async cacheResolverInherited(): Promise<void> {}
    }
    const named = ['keyGenerator', 'cacheManager', 'cacheResolver'] as const;
    for (const option of named) {
      for (const method of [option, `${option}Inherited`]) {
        const [operation] = cacheOperationsOf(Annotated, method);
        expect(
          named.map((each) => operation?.[each]),
          method,
        ).to.deep.equal(named.map((each) => (each === option ? 'custom' : undefined)));
      }
    }
  });

  it('103 keyAndKeyGeneratorCannotBeSetTogether, cacheResolverAndCacheManagerCannotBeSetTogether', () => {
    const messages = [
      { key: () => 'key', keyGenerator: 'custom' },
      { cacheManager: 'custom', cacheResolver: 'custom' },
    ].map((options) => {
      const { code, message } = cacheErrorIn(() => {
        class Annotated {
          @Cacheable('a', options as object) // It would not compile otherwise.
          async method(): Promise<void> {}
        }
        return Annotated;
      });
      return [code, message];
    });
    expect(messages).to.deep.equal([
      [
        'CACHE_OPERATION_INVALID',
        'Invalid @Cacheable on Annotated.method: `key` and `keyGenerator` cannot both be set. Set the function that makes the key, or name the service that does.',
      ],
      [
        'CACHE_OPERATION_INVALID',
        'Invalid @Cacheable on Annotated.method: `cacheManager` and `cacheResolver` cannot both be set. ' +
          'A resolver of its own chooses the caches, so the manager would not be asked.',
      ],
    ]);
  });

  onEveryKeptStore((stage) => {
    let other: Opened;
    let resolved: string[];

    /** Chooses `primary`, and notes that it was asked. */
    class ToPrimary extends CacheResolver {
      override resolveCaches({ cacheNames }: CacheOperationContext): Cache[] {
        resolved.push(cacheNames.join());
        return [stage.cache('primary')];
      }
    }

    beforeEach(async () => {
      resolved = [];
      other = await stage.another();
      stage.container.bind('loud').to(Loud);
      stage.container.bind('otherManager').toConstantValue(other.manager);
      stage.container.bind('toPrimary').to(ToPrimary);
    });

    /** Under which of these a value was stored: `<manager>/<cache>`. */
    const whereIs = async (key: CacheKey): Promise<string[]> => {
      const found: string[] = [];
      for (const [name, manager] of [
        ['own', stage.manager],
        ['other', other.manager],
      ] as const) {
        // prettier-ignore
        for (const cache of ['testCache', 'primary', 'secondary']) {
          if ((await manager.getCache(cache)?.get(key)) !== undefined) found.push(`${name}/${cache}`);
        }
      }
      return found;
    };

    it('104 fullClassLevelWithCustomCacheName, fullClassLevelWithCustomKeyManager', async () => {
      @CacheConfig({ cacheNames: ['testCache'], keyGenerator: 'loud', cacheManager: 'otherManager' })
      class Full {
        @CachePut({ cacheNames: 'secondary' })
        async ownName(_id: string): Promise<number> {
          return 1;
        }

        @CachePut({ key: (id) => `own ${id}` })
        async ownKey(_id: string): Promise<number> {
          return 1;
        }
      }
      const full = stage.serve(Full);
      await full.ownName('a');
      await full.ownKey('b');
      expect(await whereIs('ownName!a'), 'names are replaced, not merged').to.deep.equal(['other/secondary']);
      expect(await whereIs('own b')).to.deep.equal(['other/testCache']);
    });

    it('104 customClassLevelWithCustomCacheName', async () => {
      @CacheConfig({ cacheNames: 'testCache', keyGenerator: 'loud' })
      class Custom {
        @CachePut('secondary')
        async ownName(_id: string): Promise<number> {
          return 1;
        }
      }
      await stage.serve(Custom).ownName('a');
      expect(await whereIs('ownName!a')).to.deep.equal(['own/secondary']);
    });

    it('105 fullClassLevelWithCustomCacheManager, fullClassLevelWithCustomCacheResolver, partialClassLevelWithCustomCacheManager, partialClassLevelWithCustomCacheResolver', async () => {
      @CacheConfig({ cacheNames: 'testCache', cacheResolver: 'toPrimary' })
      class ClassResolver {
        @CachePut({ cacheManager: 'otherManager' })
        async put(_id: string): Promise<number> {
          return 1;
        }
      }
      await stage.serve(ClassResolver).put('manager beats resolver');
      expect(await whereIs('manager beats resolver')).to.deep.equal(['other/testCache']);
      expect(resolved).to.deep.equal([]);

      @CacheConfig({ cacheNames: 'testCache', cacheManager: 'otherManager' })
      class ClassManager {
        @CachePut({ cacheResolver: 'toPrimary' })
        async put(_id: string): Promise<number> {
          return 1;
        }
      }
      await stage.serve(ClassManager).put('resolver beats manager');
      expect(await whereIs('resolver beats manager')).to.deep.equal(['own/primary']);

      @CacheConfig({ cacheNames: 'testCache', cacheManager: 'otherManager', cacheResolver: 'toPrimary' })
      class Both {
        @CachePut()
        async put(_id: string): Promise<number> {
          return 1;
        }
      }
      await stage.serve(Both).put('on one level');
      expect(await whereIs('on one level')).to.deep.equal(['own/primary']);
      expect(resolved, 'told the names that apply').to.deep.equal(['testCache', 'testCache']);
    });

    it('106 partialClassLevelWithNoCustomization', async () => {
      @CacheConfig({ cacheNames: 'testCache', keyGenerator: 'loud', cacheManager: 'otherManager' })
      class Partial {
        @CachePut()
        async put(_id: string): Promise<number> {
          return 1;
        }
      }
      await stage.serve(Partial).put('a');
      expect(await whereIs('put!a')).to.deep.equal(['other/testCache']);
    });

    it('107 severalCacheConfigUseClosest', async () => {
      const Stereotype = CacheConfig({ cacheNames: 'secondary', keyGenerator: 'loud' });
      @CacheConfig({ cacheNames: 'testCache' })
      @Stereotype
      class Direct {
        @CachePut()
        async put(_id: string): Promise<number> {
          return 1;
        }
      }
      await stage.serve(Direct).put('a');
      expect(await whereIs('a'), 'whole, not item by item').to.deep.equal(['own/testCache']);
      expect(await whereIs('put!a')).to.deep.equal([]);

      @Stereotype
      @CacheConfig({ cacheNames: 'testCache' })
      class Below {
        @CachePut()
        async put(_id: string): Promise<number> {
          return 1;
        }
      }
      await stage.serve(Below).put('b');
      expect(await whereIs('put!b'), 'the uppermost wins, whatever it is made of').to.deep.equal(['own/secondary']);
    });

    it('108 cacheConfigFromInterface, cacheAnnotationOverride', async () => {
      const bodies: string[] = [];
      @CacheConfig({ cacheNames: 'testCache', keyGenerator: 'loud' })
      abstract class Base {
        @CachePut()
        async inherited(_id: string): Promise<number> {
          return 1;
        }

        @CachePut({ cacheNames: 'primary' })
        async overridden(_id: string): Promise<number> {
          return 1;
        }
      }
      class Implementation extends Base {
        @CachePut({ key: (id) => `own ${id}` })
        async added(_id: string): Promise<number> {
          return 1;
        }

        @Cacheable('secondary')
        override async overridden(id: string): Promise<number> {
          bodies.push(id);
          return 1;
        }
      }
      const implementation = stage.serve(Implementation);
      await implementation.inherited('a');
      await implementation.added('a');
      for (let i = 0; i < 2; i += 1) await implementation.overridden('a');
      expect(await whereIs('inherited!a')).to.deep.equal(['own/testCache']);
      expect(await whereIs('own a'), "the base's configuration").to.deep.equal(['own/testCache']);
      expect(await whereIs('overridden!a'), 'replaced, not added to').to.deep.equal(['own/secondary']);
      expect(bodies).to.deep.equal(['a']);
      expect(kinds(Implementation, 'overridden')).to.deep.equal(['cacheable secondary']);
    });

    it('109 validateNoCacheIsValid', async () => {
      class Nameless {
        @CachePut()
        async put(_id: string): Promise<number> {
          return 1;
        }
      }
      expect(kinds(Nameless, 'put')).to.deep.equal(['put ']);
      stage.container.rebind(CacheResolver).to(ToPrimary);
      await stage.serve(Nameless).put('a');
      expect(await whereIs('a')).to.deep.equal(['own/primary']);
    });

    describe('110', () => {
      const byArgument = (): CacheResolver =>
        new (class ByArgument extends CacheResolver {
          override resolveCaches({ args }: CacheOperationContext): Cache[] {
            return args[0] === 'nowhere' ? [] : [stage.cache(String(args[1]))];
          }
        })();

      @CacheConfig({ cacheNames: 'testCache' })
      class Simple {
        @CachePut()
        async noCustomization(_id: string): Promise<number> {
          return 1;
        }

        @CachePut({ cacheResolver: 'toPrimary' })
        async customCacheResolver(_id: string): Promise<number> {
          return 1;
        }

        @CachePut({ cacheManager: 'otherManager' })
        async customCacheManager(_id: string): Promise<number> {
          return 1;
        }

        @CachePut({ cacheResolver: 'byArgument', key: (id) => id })
        async runtimeResolution(_id: string, _cache: string): Promise<number> {
          return 1;
        }

        @CachePut({ cacheResolver: 'lost' })
        async unknownCacheResolver(_id: string): Promise<number> {
          return 1;
        }
      }

      let simple: Simple;

      beforeEach(() => {
        stage.container.bind('byArgument').toConstantValue(byArgument());
        simple = stage.serve(Simple);
      });

      it('110 noCustomization', async () => {
        await simple.noCustomization('a');
        expect(await whereIs('a')).to.deep.equal(['own/testCache']);
      });

      it('110 customCacheResolver, namedResolution', async () => {
        await simple.customCacheResolver('a');
        expect(await whereIs('a')).to.deep.equal(['own/primary']);
      });

      it('110 customCacheManager', async () => {
        await simple.customCacheManager('a');
        expect(await whereIs('a')).to.deep.equal(['other/testCache']);
      });

      it('110 runtimeResolution', async () => {
        await simple.runtimeResolution('a', 'primary');
        await simple.runtimeResolution('b', 'secondary');
        expect([await whereIs('a'), await whereIs('b')]).to.deep.equal([['own/primary'], ['own/secondary']]);
      });

      it('110 noCacheResolved', async () => {
        const error = (await rejectionOf(simple.runtimeResolution('nowhere', ''))) as CacheConfigurationError;
        expect([error.code, error.message]).to.deep.equal([
          'CACHE_NAME_MISSING',
          'No cache for @CachePut on Simple.runtimeResolution: ByArgument chose none. ' +
            'Give `cacheNames` to the decorator or to @CacheConfig on the class, or a `cacheResolver`.',
        ]);
      });

      it('110 unknownCacheResolver: of a service that is bound before the start', async () => {
        const starting = stage.another(undefined, (container) => {
          container.bind('toPrimary').to(ToPrimary);
          container.bind('byArgument').toConstantValue(byArgument());
          container.bind('otherManager').toConstantValue(other.manager);
          container.bind(Simple).toSelf();
        });
        const error = (await rejectionOf(starting)) as CacheConfigurationError;
        expect([error.code, error.message]).to.deep.equal([
          'CACHE_BINDING_MISSING',
          'No binding for `cacheResolver` of @CachePut on Simple.unknownCacheResolver: nothing is bound under lost. ' +
            'Bind it in the container that the service comes from.',
        ]);
      });

      it('110 unknownCacheResolver', async () => {
        const error = (await rejectionOf(simple.unknownCacheResolver('a'))) as CacheConfigurationError;
        expect([error.code, error.message]).to.deep.equal([
          'CACHE_BINDING_MISSING',
          'No binding for `cacheResolver` of @CachePut on Simple.unknownCacheResolver: nothing is bound under lost. ' +
            'Bind it in the container that the service comes from.',
        ]);
      });
    });

    it('111 singleCacheManagerBean', () => {
      expect(stage.container.get(CacheManager)).to.equal(stage.manager);
    });

    it('111 multipleCacheManagerBeans', async () => {
      const starting = stage.another(undefined, (container) => container.bind(CacheManager).toConstantValue(other.manager));
      const error = (await rejectionOf(starting)) as CacheConfigurationError;
      expect([error.code, error.message]).to.deep.equal([
        'CACHE_BINDING_AMBIGUOUS',
        'A cache manager is bound in this container already, and the caching module brings another. Rebind CacheManager after the module was ' +
          'loaded to replace its manager; or bind yours under an identifier of its own and name it with `cacheManager`.',
      ]);
    });

    it('111 multipleCacheManagerBeans_implementsCachingConfigurer', async () => {
      stage.container.rebind(CacheResolver).toConstantValue(new SimpleCacheResolver(other.manager));
      class Simple {
        @CachePut('testCache')
        async put(_id: string): Promise<number> {
          return 1;
        }
      }
      await stage.serve(Simple).put('a');
      expect(await whereIs('a'), 'the one that was chosen').to.deep.equal(['other/testCache']);
    });

    it('111 multipleCachingConfigurers', () => {
      const { code, message } = cacheErrorIn(() => stage.container.load(cachingModule()));
      expect([code, message]).to.deep.equal([
        'CACHE_OPERATION_INVALID',
        'A caching module is loaded in this container already. ' +
          'Load one module, or call enableCaching once; await container.unbindAllAsync() before another.',
      ]);
    });

    it('111 noCacheManagerBeans', async () => {
      const body = sinon.fake.resolves(1);
      class Simple {
        @Cacheable('testCache')
        async find(id: string): Promise<number> {
          return body(id);
        }
      }
      const container = new Container();
      container.bind(Simple).toSelf();
      const simple = container.get(Simple);
      await simple.find('a');
      await simple.find('a');
      expect(body.callCount, 'the manager comes with the module; without it methods run as they are written').to.equal(2);
    });

    it('111 bothSetOnlyResolverIsUsed, keyStrategy, cacheErrorHandler, emptyConfigSupport', async () => {
      const failure = new Error('the store');
      stage.container.rebind(CacheManager).toConstantValue(other.manager);
      stage.container.rebind(CacheResolver).to(ToPrimary);
      stage.container.rebind(KeyGenerator).to(Loud);
      stage.container.rebind(CacheErrorHandler).to(SimpleCacheErrorHandler);
      class Configured {
        @CachePut('testCache')
        async put(_id: string): Promise<number> {
          return 1;
        }
      }
      const configured = stage.serve(Configured);
      await configured.put('a');
      expect(await whereIs('put!a'), 'the resolver is asked, the manager is not').to.deep.equal(['own/primary']);
      sinon.stub(stage.cache('primary'), 'put').rejects(failure);
      expect(await rejectionOf(configured.put('b'))).to.equal(failure);
    });

    it('113 configurationClassWithCacheProxyFactoryBean', async () => {
      const greeted: unknown[][] = [];
      /** Somebody else's class: no decorator can be put on it. One body serves both ways to call it. */
      class GreetingService {
        async greet(...names: string[]): Promise<string> {
          greeted.push(names);
          return names.length === 0 ? 'Hello!' : `Hello ${names.join(' and ')}!`;
        }
      }
      stage.container
        .bind(GreetingService)
        .toDynamicValue((context) => cacheProxy(context, new GreetingService(), { greet: Cacheable('testCache') }))
        .inSingletonScope();
      const service = stage.container.get(GreetingService);
      for (let i = 0; i < 2; i += 1) {
        expect(await service.greet()).to.equal('Hello!');
        expect(await service.greet('John')).to.equal('Hello John!');
      }
      await service.greet('John', 'Jane');
      expect(greeted).to.deep.equal([[], ['John'], ['John', 'Jane']]);
      expect(await stage.cache('testCache').getAll([[], 'John'])).to.deep.equal([{ value: 'Hello!' }, { value: 'Hello John!' }]);
    });

    it('114 onlyOneInterceptorIsAvailable, customInterceptorAppliesWithRuntimeException, customInterceptorAppliesWithCheckedException', async () => {
      class Forgiving extends CacheInterceptor {
        override async invoke(...call: Parameters<CacheInterceptor['invoke']>): Promise<unknown> {
          try {
            return await super.invoke(...call);
          } catch (error) {
            if (error instanceof RangeError) return 55;
            throw new TypeError('translated', { cause: error });
          }
        }
      }
      const forgiving = new Forgiving(stage.container);
      stage.container.rebind(CacheInterceptor).toConstantValue(forgiving);
      const thrown = new Error('checked');
      class Throwing {
        @Cacheable('testCache')
        async find(id: string): Promise<number> {
          if (id === 'unchecked') throw new RangeError(id);
          if (id === 'checked') throw thrown;
          return 1;
        }
      }
      const service = stage.serve(Throwing);
      expect(stage.container.getAll(CacheInterceptor)).to.deep.equal([forgiving]);
      expect(await service.find('unchecked')).to.equal(55);
      const translated = (await rejectionOf(service.find('checked'))) as Error;
      expect([translated.message, translated.cause]).to.deep.equal(['translated', thrown]);
      expect(await service.find('well')).to.equal(1);
      expect(await whereIs('well')).to.deep.equal(['own/testCache']);
    });
  });
});
