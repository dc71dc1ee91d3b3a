import type { Milliseconds } from '../../time/index.js';
import type { LoadOptions } from '../cache.js';
import type { Batched } from '../load-batch.js';
import type { LoadContext, Loader } from '../load-context.js';
import type { ReadTicket } from '../local/read-tickets.js';
import type { RemoteEntry } from '../remote/entry-codec.js';
import type { FillLease } from '../remote/eviction-log.js';
import type { TagClock } from '../tag/tag-clock.js';
import type { TagMoment } from '../tag/tagged.js';
import type { Freshness } from './freshness.js';
import type { Found, SharedLoad } from './shared-load.js';

/**
 * One call of `getOrLoad` (or one key of `getAllOrLoad`) for which L1 has no value.
 *
 * A read makes it in one piece, with all properties in this order, and passes it on as it is. In Node.js 20,
 * a copy with one property more (`{ ...request, freshness }`) takes 2 µs. It also has a hidden class of its
 * own, so all code that reads its properties becomes slow.
 */
export interface LoadRequest<V> {
  readonly key: string;
  readonly loader: Loader<V>;
  readonly options: LoadOptions<V>;
  /** If its key is one of several that are loaded together. Default: it is the only one. */
  readonly batched?: Batched | undefined;
  /** What it may be answered with beside a fresh value. Default: nothing. */
  readonly freshness?: Freshness | undefined;
  /** What its loader is told, if it runs. Default: that there is no hurry. */
  context?: LoadContext | undefined;
  /** What was found by the load that it waits for, if that has a {@link freshness}. */
  found?: Found | undefined;
}

/** A call that asks for more than a fresh value, however long it takes. */
export interface AskingRequest<V> extends LoadRequest<V> {
  readonly freshness: Freshness;
}

/** Whether a call asks for that. */
export const isAsking = <V>(request: LoadRequest<V>): request is AskingRequest<V> => request.freshness !== undefined;

/** A load that was started for a request. */
export interface LoadCall<V> extends LoadRequest<V> {
  readonly ticket: ReadTicket<SharedLoad>;
  readonly load: SharedLoad;
  readonly begunAt: Milliseconds;
  readonly context: LoadContext;
  /** Whether its value was stored. */
  isStored?: boolean | undefined;
  /** In a cache with tags: what their clock showed when it began. */
  readonly tagsAt: { readonly clock: TagClock; readonly begun: TagMoment } | undefined;
}

/** The right to store what is loaded. */
export type Granted = Extract<FillLease<RemoteEntry>, { kind: 'granted' }>;
