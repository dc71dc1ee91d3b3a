import { expect } from 'chai';
import { conclude } from '../../samples/settings/conclusion.js';
import { judgeOutage, type OutageAnswer, type OutageVerdict } from '../../samples/settings/outage-verdict.js';
import { type Answer, type Arrival, judge } from '../../samples/settings/verdict.js';

const wentWell: OutageVerdict = {
  stale: 9,
  told: 6,
  strict: 6,
  withheld: 3,
  evicted: [],
  refused: [],
  unwanted: [],
  isGood: true,
};

describe(judge.name, () => {
  const stored = { name: 'banner', value: 'Closed', version: 2 };
  const right: Answer = { server: 'server-1', setting: { ...stored }, stored, isDoubtful: false };
  const heard: Arrival = { server: 'server-1', way: 'board', afterMs: 1.5 };

  it('finds a run good in which every answer equals the database and every change was heard of', () => {
    const arrivals: readonly Arrival[] = [heard, { ...heard, way: 'cache', afterMs: 0.5 }, { ...heard, way: 'return', afterMs: 40 }];
    expect(judge([right, right], arrivals, wentWell)).to.deep.equal({
      answers: 2,
      wrong: [],
      missed: [],
      slowestMs: 1.5,
      returnMs: 40,
      outage: wentWell,
      isGood: true,
    });
  });

  for (const [what, setting] of [
    ['value', { ...stored, value: 'Open' }],
    ['version', { ...stored, version: 1 }],
  ] as const) {
    it(`finds an answer wrong whose ${what} is not that of the database, unless a server that was cut off says so`, () => {
      const wrong = { ...right, setting };
      expect(judge([right, wrong], [heard], wentWell))
        .to.include({ isGood: false })
        .and.to.have.deep.property('wrong', [wrong]);
      expect(judge([right, { ...wrong, isDoubtful: true }], [heard], wentWell).isGood).to.be.true;
    });
  }

  it('does not forgive a change that was not heard of', () => {
    const unheard = { ...heard, afterMs: undefined };
    expect(judge([right], [heard, unheard], wentWell))
      .to.include({ isGood: false })
      .and.to.have.deep.property('missed', [unheard]);
  });

  it('finds that a run without an answer, or without a change, has shown nothing', () => {
    expect([judge([], [heard], wentWell).isGood, judge([right], [], wentWell).isGood]).to.deep.equal([false, false]);
  });

  it('finds a run no better than what came of the outage', () => {
    expect(judge([right], [heard], { ...wentWell, isGood: false }).isGood).to.be.false;
  });
});

describe(judgeOutage.name, () => {
  const setting = { name: 'banner', value: 'Closed', version: 2 };
  const stale: OutageAnswer = { server: 'server-1', name: 'banner', isStaleAllowed: true, isEvicted: false, setting, source: 'stale' };
  const strict: OutageAnswer = { ...stale, isStaleAllowed: false, setting: undefined, source: undefined };
  const withheld: OutageAnswer = { ...stale, isEvicted: true, setting: undefined, source: undefined };
  const good = [stale, strict, withheld];

  it('finds an outage good in which last known values were served to who allowed it, and evicted ones to nobody', () => {
    expect(judgeOutage([...good, stale], 1)).to.deep.equal({ ...wentWell, stale: 2, told: 1, strict: 1, withheld: 1 });
  });

  it('does not forgive one evicted value that is served, from wherever', () => {
    for (const source of ['stale', 'L1', 'L2', 'joined'] as const) {
      const served = { ...stale, isEvicted: true, source };
      expect(judgeOutage([...good, served], 1)).to.deep.include({ evicted: [served], isGood: false });
    }
    const toStrict = { ...stale, isStaleAllowed: false, isEvicted: true };
    expect(judgeOutage([...good, toStrict], 1)).to.deep.include({ evicted: [toStrict], isGood: false });
  });

  it('does not forgive a known value that is refused', () => {
    const refused = { ...stale, setting: undefined, source: undefined };
    expect(judgeOutage([...good, refused], 1)).to.deep.include({ refused: [refused], isGood: false });
  });

  it('does not forgive an old value for a caller who does not allow it', () => {
    const unwanted = { ...stale, isStaleAllowed: false };
    expect(judgeOutage([...good, unwanted], 1)).to.deep.include({ unwanted: [unwanted], isGood: false });
  });

  for (const [what, answers, told] of [
    ['stale', [strict, withheld], 1],
    ['stale, though something was served', [{ ...stale, source: 'L2' }, strict, withheld], 1],
    ['told', good, 0],
    ['refused to those who allow nothing old', [stale, withheld], 1],
    ['withheld', [stale, strict], 1],
  ] as const) {
    it(`finds that an outage in which nothing was ${what} has shown nothing`, () => {
      const { evicted, refused, unwanted, isGood } = judgeOutage(answers, told);
      expect({ evicted, refused, unwanted, isGood }).to.deep.equal({ evicted: [], refused: [], unwanted: [], isGood: false });
    });
  }

  it('has every failure named, and the sample fail', () => {
    const refused = { ...stale, server: 'server-2', setting: undefined, source: undefined };
    const unwanted = { ...stale, server: 'server-3', isStaleAllowed: false };
    const outage = judgeOutage([{ ...stale, isEvicted: true }, refused, unwanted], 0);
    const heard: Arrival = { server: 'server-1', way: 'board', afterMs: 1.5 };
    const answer: Answer = { server: 'server-1', setting, stored: setting, isDoubtful: false };
    const lines: string[] = [];
    const code = conclude(
      judge([answer], [heard], outage),
      (line) => lines.push(line),
      (_colour, text) => text,
    );
    expect(code).to.equal(1);
    expect(lines).to.deep.equal([
      '',
      'Evicted, and served: server-1, banner v2.',
      'Known, and refused: server-2, banner.',
      'Not fresh, and served to one who did not want that: server-3, banner v2.',
      'Without the database, no answer was the last known value.',
      'Without the database, no server told of one.',
      'Without the database, nobody who wanted no such answer got the error.',
      'Without the database, no evicted setting was withheld.',
    ]);
  });
});
