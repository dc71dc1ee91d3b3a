import { Container } from 'inversify';
import { type AfterCommit, type Cache, CacheManager, enableCaching, NoOpCacheManager } from '../../../lib/index.js';

export const container = new Container();
await enableCaching(container);

/** A handle of a transaction, whatever the data layer calls it. */
export interface Tx {
  readonly id: number;
}

const inTransaction = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => work({ id: 1 });

/** Drizzle's and Kysely's way in one. */
function transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
function transaction(): { execute<T>(work: (tx: Tx) => Promise<T>): Promise<T> };
function transaction<T>(work?: (tx: Tx) => Promise<T>): unknown {
  return work === undefined ? { execute: inTransaction } : inTransaction(work);
}

/** The data layers of the page, reduced to how each begins a transaction. */
export const db = { id: 0, transaction };
export const dataSource = { transaction: inTransaction };
export const em = { transactional: inTransaction };
export const prisma = { $transaction: inTransaction };
export const knex = { transaction: inTransaction };
export const sequelize = { transaction: inTransaction };

export const from = 'savings';
export const to = 'current';
export const transfer = async (_tx: Tx, _from: string, _to: string): Promise<void> => {};
export const work = async (_tx: Tx): Promise<void> => {};

export const cache = container.get(CacheManager).getCache('account') as Cache;
export const keys = ['savings', 'current'];
export const mailer = { send: async (_receipt: string): Promise<void> => {} };
export const receipt = 'receipt';
export const myManager = new NoOpCacheManager();

/** One that an application had before. */
export const transactionManager = {
  current: (): object | undefined => undefined,
  onCommit: (_action: AfterCommit): void => {},
  onEnd: (_action: (committed: boolean) => unknown): void => {},
};
