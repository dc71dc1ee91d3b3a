import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Container, injectable } from 'inversify';
import sinon from 'sinon';
import ts from 'typescript';
import { Cacheable, CacheManager, CacheConfigurationError, cachingModule, enableCaching } from '../../lib/index.js';
import { cacheOperationsOf } from '../../lib/annotation/index.js';
import type * as Programs from '../types/programs/books.js';
import { MapCacheManager } from '../support/map-cache.js';

/** `spec/types/programs/books.ts`, compiled with standard decorators and imported. A file of its own each time: modules are kept for ever. */
async function importBooks(): Promise<typeof Programs> {
  const source = readFileSync(resolve('spec/types/programs/books.ts'), 'utf8').replaceAll('../../../lib/', '../../lib/');
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, experimentalDecorators: false },
  });
  expect(outputText).to.include('__esDecorate');
  const file = new URL(`./standard-books-${process.pid}-${imports++}.js`, import.meta.url);
  writeFileSync(file, outputText);
  try {
    return (await import(file.href)) as typeof Programs;
  } finally {
    rmSync(fileURLToPath(file));
  }
}

let imports = 0;

describe('standard decorators', () => {
  let container: Container;
  let caches: MapCacheManager;
  let emitWarning: sinon.SinonStub;

  beforeEach(() => {
    emitWarning = sinon.stub(process, 'emitWarning');
    container = new Container();
    caches = new MapCacheManager();
  });

  afterEach(async () => {
    emitWarning.restore();
    await container.unbindAllAsync();
  });

  it('cache the methods of a class with @CacheConfig', async () => {
    const { Books } = await importBooks();
    container.load(cachingModule());
    container.rebind(CacheManager).toConstantValue(caches);
    injectable()(Books);
    container.bind(Books).toSelf();
    const books = container.get(Books);
    expect([await books.find('Dune'), await books.find('DUNE'), await books.find(''), await books.find('')]).to.deep.equal([
      'A3/Dune',
      'A3/Dune',
      '',
      '',
    ]);
    expect(books.runs).to.deep.equal(['Dune', '', '']);
    await books.save({ id: 'Emma' });
    await caches.cache('list').put(1, 1);
    expect([...caches.cache('book').entries.keys()]).to.deep.equal(['dune', 'Emma']);
    await books.remove('Dune');
    expect([...caches.cache('book').entries.keys()]).to.deep.equal(['Emma']);
    expect(caches.cache('list').entries.size).to.equal(0);
    expect(cacheOperationsOf(Books, 'generic').map(({ kind }) => kind)).to.deep.equal(['cacheable', 'put']);
    expect(emitWarning.called).to.equal(false);
  });

  it('warn where @CacheConfig is missing and the container cannot help', async () => {
    const { Films } = await importBooks();
    container.load(cachingModule());
    injectable()(Films);
    container.bind(Films).toSelf();
    const films = container.get(Films);
    await films.find('Alien');
    await films.find('Alien');
    expect(films.runs).to.equal(2);
    expect(emitWarning.args.map(([warning]) => warning as string)).to.deep.equal([
      'Films.find ran uncached on an instance of Films, which was made without a cache.',
    ]);
  });

  it('need no @CacheConfig under enableCaching', async () => {
    const { Films } = await importBooks();
    await enableCaching(container);
    container.rebind(CacheManager).toConstantValue(caches);
    container.bind(Films).toDynamicValue(() => new Films());
    const films = container.get(Films);
    await films.find('Alien');
    await films.find('Alien');
    expect(films.runs).to.equal(1);
    expect(emitWarning.called).to.equal(false);
  });

  it('refuse what they cannot cache, by the name of the method alone', () => {
    const decorator: any = Cacheable('book');
    const context = { kind: 'method', name: 'find', static: false, private: false, addInitializer: () => undefined };
    const refusals: [unknown, object, string][] = [
      [function* () {}, context, 'Invalid caching of find: it is a generator'],
      [async () => undefined, { ...context, static: true }, 'Invalid caching of find: it is static'],
      [undefined, { ...context, kind: 'field' }, 'Invalid caching of find: only methods can be cached.'],
      [() => undefined, { ...context, kind: 'getter' }, 'Invalid caching of find: only methods can be cached.'],
    ];
    for (const [value, where, message] of refusals) expect(() => decorator(value, where)).to.throw(CacheConfigurationError, message);
  });
});
