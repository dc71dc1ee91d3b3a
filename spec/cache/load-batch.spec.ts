import { expect } from 'chai';
import { Load, UNLIMITED } from '../../lib/cache/index.js';
import { type BatchedLoad, LoadBatch, type LoadBatchOptions } from '../../lib/cache/load-batch.js';
import { CommonLoadContext, LimitedLoadContext } from '../../lib/cache/load-context.js';
import { noted, valuesBy } from '../contract/collections-stage.js';
import { rejectionOf } from '../contract/rejection.js';
import { gate, turn } from '../support/promises.js';

type Member = BatchedLoad<string, unknown>;
type Options = Partial<LoadBatchOptions<string, unknown>>;

describe(LoadBatch.name, () => {
  /** A batch of these keys, whose loader notes what it is asked for. */
  function batchOf(keys: string, { loader, ...options }: Options = {}): { calls: readonly unknown[]; members: readonly Member[] } {
    const { calls, load } = noted(loader === undefined ? undefined : (some) => loader(some as string[], UNLIMITED));
    const batch = new LoadBatch<string, unknown>({ ...options, loader: load });
    return { calls, members: [...keys].map((key) => batch.add(key)) };
  }

  const ask = (...members: (Member | undefined)[]): Promise<unknown[]> =>
    Promise.all(members.map(async (member) => member?.load(UNLIMITED)));

  describe('the first run', () => {
    it('begins when it is known of each key what becomes of it, with those that need the loader, in their order', async () => {
      const { calls, members } = batchOf('abcd');
      const [a, b, c, d] = members;
      const late = ask(d);
      await turn();
      a?.leaves();
      const early = ask(c);
      await turn();
      expect(calls).to.deep.equal([]);
      b?.leaves();
      expect(calls).to.deep.equal([['c', 'd']]);
      expect([await late, await early]).to.deep.equal([['of d'], ['of c']]);
    });

    it('counts a key once, however often it is told of', async () => {
      const { calls, members } = batchOf('abc');
      const [a, b, c] = members;
      for (let i = 0; i < 3; i += 1) a?.leaves();
      void ask(b);
      b?.leaves();
      await turn();
      expect(calls).to.deep.equal([]);
      c?.leaves();
      expect(calls).to.deep.equal([['b']]);
    });

    it('does not take place if no key needs the loader', async () => {
      const { calls, members } = batchOf('ab');
      for (const member of members) member.leaves();
      await turn();
      expect(calls).to.deep.equal([]);
    });
  });

  describe('what comes later', () => {
    it('shares a run with what comes in the same turn, and waits for no run before it', async () => {
      const first = gate();
      const { calls, members } = batchOf('abcde', {
        loader: (keys) => (keys.includes('a') ? first.promise.then(() => valuesBy('of', keys)) : valuesBy('of', keys)),
      });
      const [a, b, c, d, e] = members;
      const waiting = ask(a);
      for (const member of members) member.leaves();
      const together = [ask(d), Promise.resolve().then(() => ask(b))];
      expect(calls, 'not before the end of the turn').to.deep.equal([['a']]);
      expect(await Promise.all(together)).to.deep.equal([['of d'], ['of b']]);
      expect(await ask(e, c)).to.deep.equal(['of e', 'of c']);
      expect(calls).to.deep.equal([['a'], ['b', 'd'], ['c', 'e']]);
      first.open();
      expect(await waiting).to.deep.equal(['of a']);
    });

    it('may be asked for again', async () => {
      const { calls, members } = batchOf('a');
      expect([await ask(members[0]), await ask(members[0])]).to.deep.equal([['of a'], ['of a']]);
      expect(calls).to.deep.equal([['a'], ['a']]);
    });
  });

  describe('a run', () => {
    it('fails for all its keys if the loader throws at once, or returns what is neither a map nor as long', async () => {
      const thrown = new Error('at once');
      const throwing = batchOf('ab', {
        loader: () => {
          throw thrown;
        },
      });
      expect(await Promise.all(throwing.members.map((member) => rejectionOf(member.load(UNLIMITED))))).to.deep.equal([thrown, thrown]);
      const short = batchOf('ab', { loader: () => ['a'] });
      const [one, other] = await Promise.all(short.members.map((member) => rejectionOf(member.load(UNLIMITED))));
      expect([(one as { code?: string }).code, other]).to.deep.equal(['CACHE_OPERATION_INVALID', one]);
    });

    it('is traced, with its keys', async () => {
      const traced: unknown[] = [];
      const { members } = batchOf('ab', { trace: (keys, run) => (traced.push(keys), run()) });
      await ask(...members);
      expect(traced).to.deep.equal([['a', 'b']]);
    });

    it('is waited for by the loads of its keys', async () => {
      const loads = ['a', 'b', 'c', 'other'].map(() => new Load());
      const mayWait: unknown[] = [];
      const { members } = batchOf('abc', {
        loader: (keys) => (mayWait.push(loads.map((load) => Load.caller?.mayWaitFor(load, false))), valuesBy('of', keys)),
      });
      const [a, b, c, other] = loads;
      await Promise.all([a, b, c].map(async (load, i) => load?.enter(() => members[i]?.load(UNLIMITED))));
      for (const load of [a, b, c]) load?.leave();
      expect(mayWait).to.deep.equal([[false, false, false, true]]);
      other?.enter(() => other.leave());
    });
  });

  describe('a key that the loader has no value for', () => {
    for (const [absent, value, isNothing] of [
      [undefined, undefined, true],
      ['undefined', undefined, false],
      ['null', null, false],
    ] as const) {
      it(`is ${String(value)}${isNothing ? ', and nothing else is known of it' : ''}, with ${absent === undefined ? 'no `absent`' : `\`absent: '${absent}'\``}`, async () => {
        const { members } = batchOf('ab', { absent, loader: () => new Map([['a', 'A']]) });
        expect(await ask(...members)).to.deep.equal(['A', value]);
        expect(members.map((each) => [each.isAbsent, each.isNothing])).to.deep.equal([
          [false, false],
          [true, isNothing],
        ]);
      });
    }

    it('has one when it is loaded again, and the loader has found one', async () => {
      let runs = 0;
      const { members } = batchOf('a', { loader: () => [(runs += 1) === 1 ? undefined : 'A'] });
      expect(await ask(members[0])).to.deep.equal([undefined]);
      expect(await ask(members[0])).to.deep.equal(['A']);
      expect(members[0]?.isAbsent).to.equal(false);
    });
  });
});

describe(CommonLoadContext.name, () => {
  const reason = new Error('over');

  it('is aborted when all of its loads are, with the last reason, whenever its signal was asked for', () => {
    for (const isAskedEarly of [true, false]) {
      const contexts = [new LimitedLoadContext(), new LimitedLoadContext()];
      const common = new CommonLoadContext(contexts);
      const early = isAskedEarly ? common.signal : undefined;
      contexts[0]?.abort(new Error('first'));
      if (isAskedEarly) expect(early?.aborted).to.equal(false);
      contexts[1]?.abort(reason);
      expect([common.signal.aborted, common.signal.reason]).to.deep.equal([true, reason]);
      if (isAskedEarly) expect(common.signal).to.equal(early);
    }
  });

  it('is never aborted while one of its loads has all the time it needs', () => {
    const limited = new LimitedLoadContext();
    const { signal } = new CommonLoadContext([limited, UNLIMITED]);
    limited.abort(reason);
    expect(signal.aborted).to.equal(false);
    expect(new CommonLoadContext([UNLIMITED]).signal.aborted).to.equal(false);
  });
});
