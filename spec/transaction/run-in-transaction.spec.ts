import { expect } from 'chai';
import sinon from 'sinon';
import { CacheEvictError, CacheTransactionError, runInTransaction } from '../../lib/index.js';
import { AsyncLocalTransactionSynchronization } from '../../lib/transaction/index.js';
import { rejectionOf } from '../contract/rejection.js';

const transactions = new AsyncLocalTransactionSynchronization();
const boom = new Error('boom');

/** A promise and what settles it. */
function gate(): { promise: Promise<void>; open: () => void } {
  let open!: () => void;
  const promise = new Promise<void>((resolve) => (open = resolve));
  return { promise, open };
}

describe(runInTransaction.name, () => {
  let log: string[];
  const note = (line: string) => (): void => void log.push(line);

  beforeEach(() => {
    log = [];
  });

  it('resolves to what the work returns, be it a promise or not', async () => {
    expect([await runInTransaction(async () => 1), await runInTransaction(() => 2)]).to.deep.equal([1, 2]);
  });

  it('is active from the first step of the work to its last, across awaits, and not around it', async () => {
    expect(transactions.isActive).to.equal(false);
    const running = runInTransaction(async () => {
      log.push(`first ${transactions.isActive}`);
      await new Promise((resolve) => setImmediate(resolve));
      log.push(`last ${transactions.isActive}`);
    });
    log.push(`caller ${transactions.isActive}`);
    await running;
    log.push(`after ${transactions.isActive}`);
    expect(log).to.deep.equal(['first true', 'caller false', 'last true', 'after false']);
  });

  it('tells concurrent transactions apart', async () => {
    const { promise, open } = gate();
    const seen: unknown[] = [];
    const one = runInTransaction(async () => {
      transactions.afterCommit(note('one'));
      seen.push(transactions.current);
      await promise;
      seen.push(transactions.current);
    });
    const rolledBack = runInTransaction(async () => {
      transactions.afterCommit(note('never'));
      seen.push(transactions.current);
      throw boom;
    });
    expect(await rejectionOf(rolledBack)).to.equal(boom);
    open();
    await one;
    expect(seen[0]).to.equal(seen[2]).and.not.equal(seen[1]);
    expect(log).to.deep.equal(['one']);
  });

  describe('a commit', () => {
    it('is followed by the actions in their order, each waiting for the one before, before the caller goes on', async () => {
      const { promise, open } = gate();
      const running = runInTransaction(() => {
        transactions.afterCompletion((outcome) => void log.push(outcome));
        transactions.afterCommit(async () => {
          await promise;
          log.push('first');
        });
        transactions.afterCommit(note('second'));
        log.push('work');
      });
      await new Promise((resolve) => setImmediate(resolve));
      expect(log).to.deep.equal(['work']);
      open();
      await running;
      expect(log).to.deep.equal(['work', 'first', 'second', 'committed']);
    });

    it('is over for its actions: they run outside of any transaction', async () => {
      await runInTransaction(() =>
        runInTransaction(
          () => {
            transactions.afterCommit(() => void log.push(`action ${transactions.isActive}`));
          },
          { propagation: 'requiresNew' },
        ),
      );
      expect(log).to.deep.equal(['action false']);
    });

    it('stands though an action fails: the error says so and carries the result, and the other actions run', async () => {
      const error = (await rejectionOf(
        runInTransaction(() => {
          transactions.afterCommit(() => {
            throw boom;
          });
          transactions.afterCommit(note('second'));
          return 'the result';
        }),
      )) as CacheTransactionError;
      expect(error).to.be.instanceOf(CacheTransactionError);
      expect([error.code, error.message, error.result, error.cause]).to.deep.equal([
        'CACHE_TRANSACTION_ACTION_FAILED',
        'A transaction was committed, and an action due after the commit failed. Do not repeat the transaction. What it returned is on `result` of this error, and what failed is its `cause`.',
        'the result',
        boom,
      ]);
      expect(log).to.deep.equal(['second']);
    });

    it('hands on an eviction that was not acknowledged as it is, with the result of the transaction', async () => {
      const error = (await rejectionOf(
        runInTransaction(() => {
          transactions.afterCommit(() => {
            throw new CacheEvictError('book', 'not acknowledged', { cause: boom });
          });
          return 'the result';
        }),
      )) as CacheEvictError;
      expect(error).to.be.instanceOf(CacheEvictError);
      expect([error.message, error.cacheName, error.result, error.cause]).to.deep.equal(['not acknowledged', 'book', 'the result', boom]);
    });

    it('warns of the failures that the caller is not given', async () => {
      const emitWarning = sinon.stub(process, 'emitWarning');
      try {
        const error = (await rejectionOf(
          runInTransaction(() => {
            for (const failure of [boom, new CacheEvictError('book', 'told by its cache'), 'a second reason']) {
              transactions.afterCommit(() => {
                throw failure;
              });
            }
          }),
        )) as CacheTransactionError;
        expect(error.cause).to.equal(boom);
      } finally {
        emitWarning.restore();
      }
      expect(emitWarning.args).to.deep.equal([
        [
          'An action due after a transaction failed: a second reason',
          { type: 'CacheWarning', code: 'CACHE_TRANSACTION_ACTION_FAILED', detail: undefined },
        ],
      ]);
    });
  });

  describe('a rollback', () => {
    it('drops the actions and hands on the very error', async () => {
      const error = await rejectionOf(
        runInTransaction(async () => {
          transactions.afterCommit(note('never'));
          transactions.afterCompletion((outcome) => void log.push(outcome));
          throw boom;
        }),
      );
      expect(error).to.equal(boom);
      expect(log).to.deep.equal(['rolledBack']);
    });

    it('comes of work that throws at once, too', async () => {
      const work = (): never => {
        transactions.afterCommit(note('never'));
        throw boom;
      };
      expect(await rejectionOf(runInTransaction(work))).to.equal(boom);
      expect(log).to.deep.equal([]);
    });
  });

  describe('inside another', () => {
    it('joins it: its actions wait for the outer commit, in one order', async () => {
      await runInTransaction(async () => {
        const { current } = transactions;
        transactions.afterCommit(note('outer, before'));
        await runInTransaction(async () => {
          expect(transactions.current).to.equal(current);
          transactions.afterCommit(note('inner'));
        });
        transactions.afterCommit(note('outer, after'));
        log.push('end of work');
      });
      expect(log).to.deep.equal(['end of work', 'outer, before', 'inner', 'outer, after']);
    });

    it('is dropped with it', async () => {
      const error = await rejectionOf(
        runInTransaction(async () => {
          await runInTransaction(() => transactions.afterCommit(note('never')));
          throw boom;
        }),
      );
      expect([error, log]).to.deep.equal([boom, []]);
    });

    it('that fails alone lets its actions know, and those of the parts within it', async () => {
      const tell = (where: string) => (part?: string) => void log.push(`${where} ${part}`);
      await runInTransaction(async () => {
        transactions.afterCommit(tell('outer'));
        const failed = runInTransaction(async () => {
          transactions.afterCommit(tell('failed'));
          await runInTransaction(() => transactions.afterCommit(tell('within the failed')));
          throw boom;
        });
        expect(await rejectionOf(failed)).to.equal(boom);
        await runInTransaction(() => transactions.afterCommit(tell('another')));
      });
      expect(log).to.deep.equal(['outer completed', 'failed failed', 'within the failed failed', 'another completed']);
    });

    it("suspends it with propagation: 'requiresNew'", async () => {
      const error = await rejectionOf(
        runInTransaction(async () => {
          const { current } = transactions;
          transactions.afterCommit(note('never'));
          await runInTransaction(
            () => {
              expect(transactions.current).to.not.equal(current);
              transactions.afterCommit(note('inner'));
            },
            { propagation: 'requiresNew' },
          );
          expect(log).to.deep.equal(['inner']);
          expect(transactions.current).to.equal(current);
          throw boom;
        }),
      );
      expect([error, log]).to.deep.equal([boom, ['inner']]);
    });
  });

  describe('work that was started inside and not waited for', () => {
    it('is outside once the transaction is over, even while another one runs', async () => {
      const { promise, open } = gate();
      let detached!: Promise<boolean>;
      await runInTransaction(() => {
        detached = promise.then(() => transactions.isActive);
      });
      await runInTransaction(async () => {
        open();
        expect(await detached).to.equal(false);
        expect(transactions.isActive).to.equal(true);
      });
    });
  });
});

describe(AsyncLocalTransactionSynchronization.name, () => {
  for (const verb of ['afterCommit', 'afterCompletion'] as const) {
    it(`refuses ${verb} outside of a transaction, where the action would never run`, () => {
      let error!: CacheTransactionError;
      try {
        transactions[verb](() => undefined);
      } catch (thrown) {
        error = thrown as CacheTransactionError;
      }
      expect(error).to.be.instanceOf(CacheTransactionError);
      expect([error.code, error.message]).to.deep.equal([
        'CACHE_TRANSACTION_INACTIVE',
        `\`${verb}\` was called outside of a transaction. Call it inside \`runInTransaction\`, and ask \`isActive\` first where there may be none. A transaction that has ended is none.`,
      ]);
    });
  }
});
