import { expect } from 'chai';
import sinon from 'sinon';
import { CallsUnderWay, type Eviction, type EvictionReceipt, MAXIMUM_PENDING_KEYS, partsOf } from '../../../lib/cache/index.js';
import { MAXIMUM_CHUNK, MAXIMUM_CHUNK_LENGTH } from '../../../lib/cache/chunks.js';
import { ANY_TAG } from '../../../lib/cache/tag/tag-clock.js';
import { PendingEvictions } from '../../../lib/cache/two-tier/pending-evictions.js';
import { RemoteCacheError } from '../../../lib/errors/index.js';
import { CacheEvents } from '../../../lib/event/index.js';
import { rejectionOf } from '../../contract/rejection.js';

const away = (): RemoteCacheError => new RemoteCacheError('CACHE_REMOTE_TIMEOUT', 'Redis did not answer.');
const done: EvictionReceipt = { removed: -1, acknowledged: undefined };
const many = (count: number, label = 'tag'): string[] => Array.from({ length: count }, (_, i) => `${label} ${i}`);

describe(`${PendingEvictions.name}, of tags`, () => {
  let timers: sinon.SinonFakeTimers;
  let told: unknown[];
  let fenced: Eviction[];
  let execute: sinon.SinonStub<[Eviction, boolean], Promise<EvictionReceipt>>;
  let pending: PendingEvictions;

  beforeEach(() => {
    timers = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const events = new CacheEvents();
    [told, fenced] = [[], []];
    events.on('evictPending', ({ error: _error, ...event }) => void told.push(event));
    events.on('evictRecovered', () => void told.push('recovered'));
    events.on('error', ({ error }) => void told.push((error as Error).message));
    execute = sinon.stub();
    execute.resolves(done);
    pending = new PendingEvictions({
      cache: 'book',
      clock: { now: () => performance.now() },
      events,
      deadlineMs: 1_000,
      execute,
      fence: (eviction) => void fenced.push(eviction),
      calls: new CallsUnderWay(1_000),
    });
  });

  afterEach(() => timers.restore());

  /** Submits to a server that is away, until the caller is told. */
  const failing = async (eviction: Eviction): Promise<Error> => {
    execute.rejects(away());
    let error: unknown;
    void rejectionOf(pending.submit(eviction, false)).then((reason) => (error = reason));
    await timers.tickAsync(0);
    while (error === undefined) await timers.nextAsync();
    return error as Error;
  };
  const sent = (): Eviction[] => execute.args.map(([eviction]) => eviction);

  it('are executed once, and fenced once acknowledged', async () => {
    expect(await pending.submit({ tags: ['a', 'b'] }, true)).to.equal(done);
    expect([execute.args, fenced, pending.size]).to.deep.equal([[[{ tags: ['a', 'b'] }, true, undefined]], [{ tags: ['a', 'b'] }], 0]);
  });

  it('are in doubt until they are acknowledged, apart from keys of the same name', async () => {
    const error = await failing({ tags: ['a'] });
    expect(error.message).to.match(/^Redis did not acknowledge evicting tag 'a' in cache 'book' within \d+ ms\. /);
    expect([
      pending.hasDoubtful(['x', 'a']),
      pending.hasDoubtful(['x']),
      pending.hasDoubtful([]),
      pending.hasDoubtful(ANY_TAG),
    ]).to.deep.equal([true, false, false, true]);
    expect([pending.size, pending.isDoubtful('a')]).to.deep.equal([1, false]);
    expect([told, fenced]).to.deep.equal([[{ cache: 'book', keys: [], tags: ['a'] }], [{ tags: ['a'] }]]);
    execute.resolves(done);
    await timers.tickAsync(500);
    expect([pending.hasDoubtful(['a']), pending.hasDoubtful(ANY_TAG), pending.size]).to.deep.equal([false, false, 0]);
    expect([told.at(-1), fenced.at(-1)]).to.deep.equal(['recovered', { tags: ['a'] }]);
  });

  it('are repeated beside the keys in doubt, all tags in one step', async () => {
    await failing({ tags: ['a'] });
    await failing({ keys: ['Dune'] });
    expect((await failing({ tags: ['b', 'c'] })).message).to.match(/^Redis did not acknowledge evicting 2 tags in cache/);
    expect(told[1], 'an eviction of keys names no tags').to.deep.equal({ cache: 'book', keys: ['Dune'] });
    execute.resetHistory();
    execute.resolves(done);
    await timers.tickAsync(500);
    expect(sent()).to.deep.equal([{ keys: ['Dune'] }, { tags: ['a', 'b', 'c'] }]);
  });

  it('stay in doubt if they are evicted again while they are repeated', async () => {
    await failing({ tags: ['a', 'b'] });
    let acknowledge!: (receipt: EvictionReceipt) => void;
    execute.onCall(execute.callCount).returns(new Promise((resolve) => (acknowledge = resolve)));
    await timers.tickAsync(500);
    await failing({ tags: ['a'] });
    acknowledge(done);
    await timers.tickAsync(0);
    expect([pending.hasDoubtful(['a']), pending.hasDoubtful(['b'])]).to.deep.equal([true, false]);
  });

  it('go in chunks; those that were not acknowledged come into doubt, with all after them', async () => {
    const tags = many(2_500);
    await pending.submit({ tags }, false);
    expect(sent().map((part) => (part as { tags: string[] }).tags.length)).to.deep.equal([MAXIMUM_CHUNK, MAXIMUM_CHUNK, 500]);
    expect(sent().flatMap((part) => (part as { tags: string[] }).tags)).to.deep.equal(tags);
    execute.resetHistory();
    execute.rejects(away());
    execute.onCall(0).resolves(done);
    expect((await failing({ tags })).message).to.match(/ evicting 1500 tags in cache /);
    expect([pending.size, pending.hasDoubtful(['tag 999']), pending.hasDoubtful(['tag 1000'])]).to.deep.equal([1_500, false, true]);
    execute.resetHistory();
    execute.resolves(done);
    await timers.tickAsync(500);
    expect([sent().length, pending.size]).to.deep.equal([2, 0]);
  });

  it('go in chunks that a message has room for', () => {
    const parts = partsOf({ tags: many(100, 'x'.repeat(4_000)) });
    expect(parts.length).to.be.greaterThan(1);
    for (const part of parts) expect(JSON.stringify(part).length).to.be.at.most(MAXIMUM_CHUNK_LENGTH + 20);
  });

  it(`become a clear rather than be remembered with more than ${MAXIMUM_PENDING_KEYS} keys and tags`, async () => {
    await failing({ keys: many(MAXIMUM_PENDING_KEYS / 2, 'key') });
    await failing({ tags: many(MAXIMUM_PENDING_KEYS / 2) });
    expect([pending.size, pending.isDoubtful('x'), pending.hasDoubtful(['x'])]).to.deep.equal([MAXIMUM_PENDING_KEYS, false, false]);
    await failing({ tags: ['one more'] });
    expect([pending.size, pending.isDoubtful('x')]).to.deep.equal([Infinity, true]);
    // A read that began before carries one of them, or any other. It must not bring its value back.
    expect([['one more'], ['x'], ANY_TAG, []].map((tags) => pending.hasDoubtful(tags))).to.deep.equal([true, true, true, false]);
    execute.resetHistory();
    execute.resolves(done);
    await timers.tickAsync(500);
    expect([sent(), pending.size, pending.hasDoubtful(['one more'])]).to.deep.equal([['all'], 0, false]);
  });

  it('are named when they are lost at the end', async () => {
    await failing({ keys: ['Dune'] });
    await failing({ tags: ['herbert'] });
    await pending.stop();
    expect(told.at(-1)).to.equal(
      "Cache 'book' was stopped while 2 evictions were not acknowledged. Old values may be served until their time to live ends: 'Dune', 'herbert'.",
    );
  });
});
