import { expect } from 'chai';
import { type Reading, TagClock, type TagNumbers, UNREADABLE } from '../../../lib/cache/index.js';
import { OVERTAKEN, type RemoteEntry } from '../../../lib/cache/remote/entry-codec.js';
import { StepBatches } from '../../../lib/cache/remote/step-batches.js';
import { TagJudge } from '../../../lib/cache/remote/tag-judge.js';
import { Tagged } from '../../../lib/cache/tag/tagged.js';
import { CacheCounters } from '../../../lib/event/index.js';
import { rejectionOf } from '../../contract/rejection.js';
import { FakeClock } from '../../support/fake-clock.js';

describe(TagJudge.name, () => {
  let clock: FakeClock;
  let tags: TagClock;
  let counters: CacheCounters;
  let asked: (readonly string[])[];
  let waits: (number | undefined)[];
  let answer: (names: readonly string[]) => Promise<TagNumbers>;
  let generation: string;
  let judge: TagJudge;

  beforeEach(() => {
    clock = new FakeClock();
    tags = new TagClock(clock);
    tags.holdLeaseUntil(Infinity);
    tags.heard(10); // It knows of evictions from then on.
    counters = new CacheCounters();
    [asked, waits, generation] = [[], [], '1'];
    answer = async (names) => ({ floor: 1, numbers: names.map((name) => (name === 'evicted' ? 9 : undefined)) });
    judge = new TagJudge({
      clock: tags,
      counters,
      isOfNow: (of) => of === generation,
      readTags: (names, waitMs) => {
        asked.push(names);
        waits.push(waitMs);
        return answer(names);
      },
      batches: (execute) => new StepBatches({ isCrowded: () => false, whenFree: () => Promise.resolve(), execute }),
    });
  });

  const entry = (since: number, ...of: string[]): RemoteEntry => ({ value: of, tagged: new Tagged(of, since, tags) }) as RemoteEntry;

  it('lets pass what has no tags, and what was not found', async () => {
    const untagged = { value: 1 } as RemoteEntry;
    for (const reading of [untagged, undefined, UNREADABLE] as Reading[]) expect(judge.judge(reading, '1')).to.equal(reading);
    expect(asked).to.deep.equal([]);
  });

  it('judges at once what the clock knows', () => {
    const alive = entry(10, 'a');
    expect(judge.judge(alive, '1')).to.equal(alive);
    tags.evicted(['a'], 11);
    expect([judge.judge(alive, '1'), asked]).to.deep.equal([OVERTAKEN, []]);
  });

  it('takes what is of another generation for overtaken', () => {
    expect([judge.judge(entry(5, 'a'), '0'), asked]).to.deep.equal([OVERTAKEN, []]);
    generation = '2';
    expect(judge.judge(entry(10, 'a'), '1')).to.equal(OVERTAKEN);
  });

  it('asks in one step about all of one turn of which the clock does not know, each tag once', async () => {
    const [one, other, evicted, known] = [entry(5, 'a', 'b'), entry(6, 'b'), entry(5, 'evicted', 'a'), entry(10, 'c')];
    const judged = await Promise.all([one, other, evicted, known].map(async (reading) => judge.judge(reading, '1')));
    expect(judged).to.deep.equal([one, other, OVERTAKEN, known]);
    expect([asked, counters.tagReads]).to.deep.equal([[['a', 'b', 'evicted']], 1]);
    expect(judge.judge(one, '1'), 'and remembers the answer').to.equal(one);
  });

  it('asks about many in one step where their caller waits for all of them, else about 16', async () => {
    const entries = Array.from({ length: 100 }, (_, i) => entry(5, `tag ${i}`));
    expect(await judge.judgeAll(entries, '1')).to.deep.equal(entries);
    expect(asked.map(({ length }) => length)).to.deep.equal([100]);
    asked = [];
    const others = Array.from({ length: 40 }, (_, i) => entry(5, `other ${i}`));
    await Promise.all(others.map(async (reading) => judge.judge(reading, '1')));
    expect(asked.map(({ length }) => length)).to.deep.equal([16, 16, 8]);
    asked = [];
    const more = Array.from({ length: 40 }, (_, i) => entry(5, `more ${i}`));
    await Promise.all(more.map(async (reading) => judge.judge(reading, '1', Infinity, 1_000)));
    expect(asked.map(({ length }) => length)).to.deep.equal([40]);
  });

  it('asks for as long as there is time, and not when it is too late', async () => {
    const one = entry(5, 'a');
    expect(await judge.judge(one, '1', clock.now() + 300)).to.equal(one);
    expect(waits).to.deep.equal([300]);
    expect(judge.judge(entry(5, 'b'), '1', clock.now() - 1)).to.equal(OVERTAKEN);
    expect(asked).to.deep.equal([['a']]);
  });

  it('fails if it cannot ask', async () => {
    const thrown = new Error('socket closed');
    answer = () => Promise.reject(thrown);
    expect(await rejectionOf(judge.judgeAll([entry(5, 'a')], '1'))).to.equal(thrown);
  });
});
