import { CallContext } from '../call/index.js';
import { checkWork } from './check-arguments.js';

/** How {@link withoutCache} is set. */
export interface WithoutCacheOptions {
  /** Whether what is loaded is stored, in both tiers. Default: `true`. */
  readonly store?: boolean | undefined;
}

/** One call of {@link withoutCache}. */
export class UncachedCall {
  readonly isStoring: boolean;
  /** What outlives the call is cached again. */
  isOver = false;

  constructor(isStoring: boolean) {
    this.isStoring = isStoring;
  }
}

const calls = new CallContext<UncachedCall>();

/** How many calls are under way, and who wants to know whether there is one. */
const underWay = { calls: 0, changed: (_isAny: boolean): void => undefined };

/** Tells when the first call of {@link withoutCache} begins, and when the last one ends. */
export function onUncached(changed: (isAny: boolean) => void): void {
  underWay.changed = changed;
}

/** The call of {@link withoutCache} that the running code belongs to. */
export function uncachedCall(): UncachedCall | undefined {
  const call = calls.current;
  return call?.isOver === true ? undefined : call;
}

/**
 * Runs `work`, in which nothing is read from a cache: methods run, and what they return is stored in the
 * place of what was there, unless an eviction has overtaken it. It holds for whatever `work` calls and
 * awaits, in all caches of this library. Other instances keep their copies until these end: this is no
 * eviction. Loads of others are not joined, and the freshness options do not apply.
 *
 * Meant for a reload button, a job that warms a cache, or a test. Do not wire it to a header of a client
 * (`Cache-Control: no-cache`): anybody could then put the whole load on your database.
 *
 * @returns what `work` returns.
 * @throws what `work` throws: the same object.
 */
export async function withoutCache<R>(work: () => R | Promise<R>, { store = true }: WithoutCacheOptions = {}): Promise<R> {
  checkWork(work);
  const call = new UncachedCall(store);
  underWay.calls += 1;
  if (underWay.calls === 1) underWay.changed(true);
  try {
    return await calls.run(call, work);
  } finally {
    call.isOver = true;
    underWay.calls -= 1;
    if (underWay.calls === 0) underWay.changed(false);
  }
}
