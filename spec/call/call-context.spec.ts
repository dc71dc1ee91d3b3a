import { expect } from 'chai';
import { AsyncLocalStorage } from 'node:async_hooks';
import sinon from 'sinon';
import { CallContext } from '../../lib/call/index.js';
import { Load } from '../../lib/cache/load.js';
import { AsyncLocalTransactionSynchronization, runInTransaction } from '../../lib/transaction/index.js';

/** Another turn of the event loop, after which a storage that was switched off has lost what was carried. */
const laterOn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** The module once more, with a storage that no load of another spec keeps on. */
const anew = async (): Promise<typeof CallContext> => {
  const { href } = new URL(`../../lib/call/call-context.js?${Math.random()}`, import.meta.url);
  return ((await import(href)) as { CallContext: typeof CallContext }).CallContext;
};

describe(CallContext.name, () => {
  afterEach(() => sinon.restore());

  describe('carries a value', () => {
    const context = new CallContext<string>();

    it('along awaits and callbacks, and nowhere else', async () => {
      const seen: unknown[] = [context.current];
      const call = context.run('Dune', async () => {
        seen.push(context.current);
        await laterOn();
        seen.push(context.current);
        await new Promise<void>((resolve) => void setImmediate(() => resolve(void seen.push(context.current))));
      });
      seen.push(context.current);
      await call;
      seen.push(context.current);
      expect(seen).to.deep.equal([undefined, 'Dune', undefined, 'Dune', 'Dune', undefined]);
    });

    it('in place of that of the call around it, which has its own again afterwards', async () => {
      const seen: unknown[] = [];
      await context.run('Dune', async () => {
        await context.run('Emma', async () => (await laterOn(), seen.push(context.current)));
        seen.push(context.current);
        await laterOn();
        seen.push(context.current);
      });
      expect(seen).to.deep.equal(['Emma', 'Dune', 'Dune']);
    });

    it('to each of several calls at a time', async () => {
      const names = ['Dune', 'Emma', 'Ulysses'];
      const read = async (): Promise<unknown> => (await laterOn(), context.current);
      expect(await Promise.all(names.map((name) => context.run(name, read)))).to.deep.equal(names);
    });

    it('until the work is over, be it by an error', async () => {
      const error = new Error('boom');
      const fail = (): never => {
        throw error;
      };
      expect(await context.run('Dune', fail).catch((thrown: unknown) => thrown)).to.equal(error);
      expect(context.current).to.equal(undefined);
    });
  });

  describe('leaves alone what others carry', () => {
    const [books, readers] = [new CallContext<string>(), new CallContext<string>()];
    const carried = (): unknown[] => [books.current, readers.current];

    for (const [order, outer, inner, around] of [
      ['the one inside the other', books, readers, ['outer', undefined]],
      ['the other way round', readers, books, [undefined, 'outer']],
    ] as const) {
      it(`when calls are nested, ${order}`, async () => {
        const seen: unknown[] = [];
        await outer.run('outer', async () => {
          seen.push(carried());
          await inner.run('inner', async () => {
            await laterOn();
            seen.push(carried());
          });
          await laterOn(); // The inner one has ended, which must not have switched the outer one off.
          seen.push(carried());
        });
        expect(seen).to.deep.equal([around, around.map((value) => value ?? 'inner'), around]);
        expect(carried()).to.deep.equal([undefined, undefined]);
      });

      it(`when the outer one ends first, ${order}`, async () => {
        let left: Promise<unknown> | undefined;
        await outer.run('outer', () => {
          left = inner.run('inner', async () => (await laterOn(), inner.current));
        });
        expect(await left).to.equal('inner');
      });
    }

    it('with a load in a transaction, and a transaction in a load', async () => {
      const transactions = new AsyncLocalTransactionSynchronization();
      const inLoad = async <T>(work: () => Promise<T>): Promise<T> => {
        const load = new Load();
        try {
          return await load.enter(work);
        } finally {
          load.leave();
        }
      };
      const both = async (): Promise<unknown[]> => (await laterOn(), [Load.caller instanceof Load, transactions.isActive]);
      const inTransaction = runInTransaction(async () => [await inLoad(both), await both()]);
      expect(await inTransaction).to.deep.equal([
        [true, true],
        [false, true],
      ]);
      const inALoad = inLoad(async () => [await runInTransaction(both), await both()]);
      expect(await inALoad).to.deep.equal([
        [true, true],
        [true, false],
      ]);
    });
  });

  describe('costs nothing', () => {
    it('when nobody carries anything any more: the storage is switched off once, with the last of all', async () => {
      const Context = await anew();
      const [books, readers] = [new Context<string>(), new Context<string>()];
      const disable = sinon.spy(AsyncLocalStorage.prototype, 'disable');
      books.enter('Dune', () => undefined);
      readers.enter('Ada', () => undefined);
      books.enter('Emma', () => undefined);
      readers.leave();
      books.leave();
      expect(disable.callCount).to.equal(0);
      books.leave();
      expect(disable.callCount).to.equal(1);
      readers.enter('Ada', () => undefined);
      readers.leave();
      expect(disable.callCount).to.equal(2);
    });

    it('to ask for what nobody carries, whatever else is carried', async () => {
      const Context = await anew();
      const [books, readers] = [new Context<string>(), new Context<string>()];
      books.enter('Dune', () => {
        const getStore = sinon.spy(AsyncLocalStorage.prototype, 'getStore');
        expect(readers.current).to.equal(undefined);
        expect(getStore.callCount).to.equal(0);
        expect(books.current).to.equal('Dune');
        expect(getStore.callCount).to.equal(1);
      });
      books.leave();
    });
  });
});
