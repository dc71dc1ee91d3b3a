import { setTimeout as pause } from 'node:timers/promises';
import type { Milliseconds } from '../../lib/time/index.js';
import type { Arena } from './arena.js';
import type { DatabaseTrouble } from './database-trouble.js';
import type { Deployment } from './deployment.js';
import { monotonicNow } from './monotonic.js';
import type { Random } from '../support/random.js';
import type { Flaw, Load, WorkerFreshness } from './worker-protocol.js';

/** What a fault works on, and with. */
export interface FaultContext<D extends Deployment = Deployment> {
  readonly arena: Arena;
  readonly deployment: D;
  readonly boundMs: Milliseconds;
  readonly random: Random;
  /** The load all workers are under, for those that join late. */
  readonly load: Load;
  /** Whether it is time to end. */
  readonly isOver: () => boolean;
}

/** One way of doing harm to a deployment. */
export interface FaultKind<D extends Deployment = Deployment> {
  readonly name: string;
  /** Does harm again and again until it is over, and undoes it. */
  harm(context: FaultContext<D>): Promise<void>;
  /** Starts the deployment without its servers, which the workers then do not insist on. Default: they are there. */
  startAbsent?(workers: number): Promise<D>;
  /** What every instance is called. Default: each has a name of its own. */
  readonly sharedName?: string;
  /** The bound of the worker with this number, at most that of the row. Default: that of the row. */
  boundOf?(number: number, boundMs: Milliseconds): Milliseconds;
  /** The life of an entry. Default: longer than any run. */
  readonly lifeMs?: Milliseconds;
  /** What may be served after its life, and how long a read waits. Default: nothing, and as long as it takes. */
  readonly freshness?: WorkerFreshness | undefined;
  /** What the database suffers from while harm is done. Default: nothing. */
  readonly trouble?: DatabaseTrouble | undefined;
  /** What is different about the load. Default: nothing. */
  readonly load?: Partial<Pick<Load, 'writesPerSecond' | 'clears'>>;
  /** By how much the wall clock of each worker is ahead. Default: they are right. */
  readonly clocksOffByMs?: readonly Milliseconds[];
  /** What is wrong with the caches, for the sake of the oracle. Default: nothing. */
  readonly flaw?: Flaw;
  /**
   * `false`: abandoned writes must leave something stale, or the {@link trouble} must be seen, which is not the cache's fault. Default:
   * neither must be.
   */
  readonly isPromised?: false | undefined;
  /** Default: `'some'`. */
  readonly acks?: Load['acks'];
}

export interface RepeatedKind<D extends Deployment = Deployment> extends FaultKind<D> {
  step(context: FaultContext<D>): Promise<void>;
}

/** A kind that repeats `step`, which undoes the harm it does, with a rest of 100 ms up to one bound between two. */
export const repeated = <D extends Deployment>(name: string, step: (context: FaultContext<D>) => Promise<void>): RepeatedKind<D> => ({
  name,
  step,
  async harm(context) {
    while (!context.isOver()) {
      await step(context);
      await pause(context.random.between(100, Math.max(200, context.boundMs)));
    }
  },
});

/** Any of `kinds`, one after the other. */
export const anyOf = <D extends Deployment>(kinds: readonly RepeatedKind<D>[]): RepeatedKind<D> =>
  repeated('any', (context) => context.random.pick(kinds).step(context));

/** Harm lasts from a tenth of the bound up to `most` bounds: shorter than a lease, about as long, longer. */
export const aWhile = ({ random, boundMs }: FaultContext, most = 2): Promise<void> => pause(random.between(0.1, most) * boundMs);

export const untilOver = async ({ isOver }: FaultContext): Promise<void> => {
  while (!isOver()) await pause(20);
};

/** No harm, to whatever deployment: what is measured then is what the rest is held against. */
export const NO_FAULTS: readonly FaultKind<never>[] = [
  { name: 'none', harm: untilOver },
  { name: 'none, all acknowledged', acks: 'all', harm: untilOver },
];

/** The moment `ms` from now, as a question. */
export function deadline(ms: Milliseconds): () => boolean {
  const at = monotonicNow() + ms;
  return () => monotonicNow() >= at;
}
