import { SpanKind, SpanStatusCode, context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { expect } from 'chai';
import { Container, injectable } from 'inversify';
import { type Cache, Cacheable, CacheEvents, type CacheManager, enableCaching } from '../../lib/index.js';
import { bindCacheTraces } from '../../lib/telemetry/index.js';
import { ownNamespace } from '../support/shared-redis.js';

describe(bindCacheTraces.name, () => {
  let container: Container;
  let manager: CacheManager;
  let book: Cache;
  let exporter: InMemorySpanExporter;
  let tracerProvider: BasicTracerProvider;
  let contexts: AsyncLocalStorageContextManager;

  beforeEach(async () => {
    container = new Container();
    manager = await enableCaching(container, { namespace: ownNamespace() });
    book = manager.getCache('book') as Cache;
    exporter = new InMemorySpanExporter();
    tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    contexts = new AsyncLocalStorageContextManager().enable();
    context.setGlobalContextManager(contexts);
  });

  afterEach(async () => {
    context.disable();
    contexts.disable();
    await tracerProvider.shutdown();
    await container.unbindAllAsync();
  });

  const bind = (keys = false): (() => void) => bindCacheTraces(container.get(CacheEvents), { tracerProvider, keys });
  const names = (): string[] => exporter.getFinishedSpans().map(({ name }) => name);
  const spanOf = (name: string): ReadableSpan => exporter.getFinishedSpans().find((span) => span.name === name) as ReadableSpan;

  it('puts a span around each step of a miss, and none around a local hit', async () => {
    bind();
    await book.getOrLoad('Dune', () => 'Herbert');
    expect(names()).to.deep.equal(['cache.get', 'cache.acquire', 'cache.load', 'cache.fill']);
    exporter.reset();
    await book.getOrLoad('Dune', () => expect.fail('loaded'));
    expect(names()).to.deep.equal([]);
  });

  it('puts a span around an eviction of tags, and names them where it names keys', async () => {
    const other = new Container();
    const options = { namespace: ownNamespace(), caches: { book: { tags: true } } };
    const tagged = (await enableCaching(other, options)).getCache('book') as Cache;
    bindCacheTraces(other.get(CacheEvents), { tracerProvider, keys: true });
    await tagged.evictTagged(['author:1', 2]);
    await other.unbindAllAsync();
    expect([names(), spanOf('cache.evictTagged').attributes]).to.deep.equal([
      ['cache.evictTagged'],
      { 'cache.name': 'book', 'cache.keys.count': 0, 'cache.keys': [], 'cache.tags.count': 2, 'cache.tags': ['author:1', '~2'] },
    ]);
  });

  it('puts a span around each write', async () => {
    bind();
    await book.put('Dune', 'Herbert');
    await book.evictAll(['Dune', 'Emma']);
    await book.clear();
    expect(names()).to.deep.equal(['cache.put', 'cache.evict', 'cache.clear']);
    expect(exporter.getFinishedSpans().map(({ attributes }) => attributes)).to.deep.equal([
      { 'cache.name': 'book', 'cache.keys.count': 1 },
      { 'cache.name': 'book', 'cache.keys.count': 2 },
      { 'cache.name': 'book', 'cache.keys.count': 0 },
    ]);
    expect(spanOf('cache.put').kind).to.equal(SpanKind.CLIENT);
  });

  it('hangs under the span of the caller, and what the method does under its own', async () => {
    @injectable()
    class Books {
      @Cacheable('book')
      async find(name: string): Promise<string> {
        return tracerProvider.getTracer('spec').startActiveSpan('select', async (span) => {
          span.end();
          return name;
        });
      }
    }
    bind();
    const books = container.bind(Books).toSelf() && container.get(Books);
    await tracerProvider.getTracer('spec').startActiveSpan('request', async (span) => {
      await books.find('Dune');
      span.end();
    });
    const request = spanOf('request').spanContext();
    for (const name of ['cache.get', 'cache.acquire', 'cache.load', 'cache.fill']) {
      expect(spanOf(name).parentSpanContext?.spanId, name).to.equal(request.spanId);
    }
    expect(spanOf('select').parentSpanContext?.spanId).to.equal(spanOf('cache.load').spanContext().spanId);
    expect(spanOf('cache.load').kind).to.equal(SpanKind.INTERNAL);
    expect(trace.getActiveSpan(), 'nothing is left behind').to.equal(undefined);
  });

  it('names keys only on request, and values never', async () => {
    const end = bind();
    await book.getOrLoad('secret-key', () => 'secret-value');
    expect(JSON.stringify(exporter.getFinishedSpans().map(({ name, attributes }) => [name, attributes]))).not.to.include('secret');
    end();
    exporter.reset();
    bind(true);
    await book.getOrLoad('named-key', () => 'secret-value');
    await book.evictAll(Array.from({ length: 40 }, (_, i) => i));
    expect(spanOf('cache.load').attributes['cache.keys']).to.deep.equal(['named-key']);
    expect(spanOf('cache.evict').attributes['cache.keys']).to.have.lengthOf(32);
    expect(JSON.stringify(exporter.getFinishedSpans().map(({ name, attributes }) => [name, attributes]))).not.to.include('secret');
  });

  it('marks what failed by its class or code, and lets the error through as it was', async () => {
    bind();
    const thrown = new RangeError('secret');
    for (const loader of [
      () => Promise.reject(thrown),
      () => {
        throw thrown;
      },
    ]) {
      expect(await book.getOrLoad('Dune', loader).catch((error: unknown) => error)).to.equal(thrown);
      const { status, attributes } = spanOf('cache.load');
      expect([status, attributes['error.type']]).to.deep.equal([{ code: SpanStatusCode.ERROR }, 'RangeError']);
      exporter.reset();
    }
  });

  it('traces nothing more once it has ended, and leaves a later tracer alone', async () => {
    const first = bind();
    const second = bind(true);
    first();
    await book.clear();
    expect(names()).to.deep.equal(['cache.clear']);
    second();
    await book.clear();
    expect(names()).to.deep.equal(['cache.clear']);
  });
});
