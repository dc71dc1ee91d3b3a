import { expect } from 'chai';
import { type Answer, type Arrival, judge } from '../../samples/settings/verdict.js';

describe(judge.name, () => {
  const stored = { name: 'banner', value: 'Closed', version: 2 };
  const right: Answer = { server: 'server-1', setting: { ...stored }, stored, isDoubtful: false };
  const heard: Arrival = { server: 'server-1', way: 'board', afterMs: 1.5 };

  it('finds a run good in which every answer equals the database and every change was heard of', () => {
    const arrivals: readonly Arrival[] = [heard, { ...heard, way: 'cache', afterMs: 0.5 }, { ...heard, way: 'return', afterMs: 40 }];
    expect(judge([right, right], arrivals)).to.deep.equal({
      answers: 2,
      wrong: [],
      missed: [],
      slowestMs: 1.5,
      returnMs: 40,
      isGood: true,
    });
  });

  for (const [what, setting] of [
    ['value', { ...stored, value: 'Open' }],
    ['version', { ...stored, version: 1 }],
  ] as const) {
    it(`finds an answer wrong whose ${what} is not that of the database, unless a server that was cut off says so`, () => {
      const wrong = { ...right, setting };
      expect(judge([right, wrong], [heard]))
        .to.include({ isGood: false })
        .and.to.have.deep.property('wrong', [wrong]);
      expect(judge([right, { ...wrong, isDoubtful: true }], [heard]).isGood).to.be.true;
    });
  }

  it('does not forgive a change that was not heard of', () => {
    const unheard = { ...heard, afterMs: undefined };
    expect(judge([right], [heard, unheard]))
      .to.include({ isGood: false })
      .and.to.have.deep.property('missed', [unheard]);
  });

  it('finds that a run without an answer, or without a change, has shown nothing', () => {
    expect([judge([], [heard]).isGood, judge([right], []).isGood]).to.deep.equal([false, false]);
  });
});
