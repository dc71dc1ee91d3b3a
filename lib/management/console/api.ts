import { attempt } from './dom.js';

/** The management handler as this page uses it. The shapes are those of `lib/fleet`. */

export interface CacheStatus {
  readonly status: string;
  readonly isServing: boolean;
  readonly leaseLeftMs?: number | undefined;
  readonly provenMs?: number | undefined;
  readonly tiers?: string | undefined;
  readonly topic?: string | undefined;
  readonly maximumSize?: number | undefined;
  readonly ttlMs?: number | undefined;
  readonly tags?: boolean | undefined;
  readonly statistics: Readonly<Record<string, number | string>>;
}

export interface InstanceStatus {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly startedAt: number;
  readonly at: number;
  readonly boundMs: number;
  readonly status: string;
  readonly links: Readonly<Record<string, string>>;
  readonly caches: Readonly<Record<string, CacheStatus>>;
  readonly omittedCaches?: number | undefined;
}

/** What the handler tells of an instance. The page takes its age on from there; see `Fleet`. */
export interface InstanceView {
  readonly status: InstanceStatus;
  readonly agoMs: number;
}

export interface FeedEntry {
  readonly at: number;
  readonly kind: 'evicted' | 'tagsEvicted' | 'cleared' | 'bypass' | 'gap' | 'link';
  readonly cache?: string | undefined;
  readonly keys?: readonly string[] | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly count?: number | undefined;
  readonly origin?: string | undefined;
  readonly seq?: number | undefined;
  readonly lagMs?: number | undefined;
  readonly active?: boolean | undefined;
  readonly expected?: number | undefined;
  readonly received?: number | undefined;
  readonly link?: string | undefined;
  readonly isUp?: boolean | undefined;
}

export interface Hello {
  readonly instance: string;
  readonly namespace: string;
  readonly boundMs: number;
  readonly allowWrites: boolean;
  readonly reportEveryMs?: number | undefined;
  readonly silentAfterMs?: number | undefined;
}

export interface TierInspection {
  readonly state: 'held' | 'stale' | 'absent' | 'unknown' | 'unused';
  readonly leftMs?: number | undefined;
}

export interface KeyInspection {
  readonly cache: string;
  readonly instance: string;
  readonly key: string;
  readonly local: TierInspection;
  readonly remote: TierInspection;
  readonly tags?: readonly string[] | undefined;
  readonly isServing: boolean;
  readonly isDoubtful: boolean;
  readonly isWithheld: boolean;
}

/** The events of the live stream. */
export interface StreamEvents {
  readonly hello: Hello;
  readonly status: InstanceView;
  /** The instances that are there, and how long each has been silent. `status` tells their state. */
  readonly fleet: { readonly instances: readonly { readonly id: string; readonly agoMs: number }[] };
  readonly feed: { readonly instance: string; readonly entries: readonly FeedEntry[]; readonly lost: number };
  readonly gone: { readonly instance: string };
}

export type StreamHandlers = { readonly [K in keyof StreamEvents]: (data: StreamEvents[K]) => void };

/** The handler wants another token. */
export class Unauthorized extends Error {}

/** The handler answers that it does not do this. Its message says why. */
export class Refused extends Error {}

/** Why a request has failed, for the reader of the page. */
export const reasonOf = (error: unknown): string => (error instanceof Refused ? error.message : `No answer from ${location.host}.`);

const TOKEN = 'inversify-cache-token';

/** The token of this tab. */
export const token = {
  get: (): string => sessionStorage.getItem(TOKEN) ?? '',
  set: (value: string): void => sessionStorage.setItem(TOKEN, value),
};

/** Asks the handler that serves this page. @throws {Refused} with the reason it gives. */
async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers: HeadersInit = token.get() === '' ? {} : { authorization: `Bearer ${token.get()}` };
  const response = await fetch(path, { ...init, headers, cache: 'no-store' });
  if (response.status === 401) throw new Unauthorized();
  if (response.ok && response.status !== 202) return response;
  const { message } = (await response.json().catch(() => ({}))) as { readonly message?: string | undefined };
  // A proxy answers 502 or 504 without such a message: the handler itself has not answered.
  throw message === undefined ? new Error(`The server answered ${response.status}.`) : new Refused(message);
}

const entry = (cache: string, key: string): string => `caches/${encodeURIComponent(cache)}/entry?key=${encodeURIComponent(key)}`;

export const inspect = async (cache: string, key: string): Promise<KeyInspection> =>
  (await (await ask(entry(cache, key))).json()) as KeyInspection;

export const evict = async (cache: string, key: string): Promise<void> => void (await ask(entry(cache, key), { method: 'DELETE' }));

export const evictTagged = async (cache: string, tag: string): Promise<void> =>
  void (await ask(`caches/${encodeURIComponent(cache)}/tags?tag=${encodeURIComponent(tag)}`, { method: 'DELETE' }));

export const clear = async (cache: string): Promise<void> => void (await ask(`caches/${encodeURIComponent(cache)}`, { method: 'DELETE' }));

/**
 * Follows the live stream until it ends. It uses `fetch`, because an `EventSource` cannot send a token. The
 * stream is always cancelled at the end: one that nobody reads would hold one of the browser's few
 * connections, and one of the server's places.
 *
 * @param heard - called when the stream is open, and whenever something has arrived.
 * @param signal - ends it.
 */
export async function follow(handlers: StreamHandlers, heard: () => void, signal: AbortSignal): Promise<void> {
  const response = await ask('stream', { signal });
  if (response.body === null) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    heard();
    let rest = '';
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      heard();
      const parts = (rest + next.value).split('\n\n');
      rest = parts.pop() ?? '';
      for (const part of parts) dispatch(part, handlers);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function dispatch(part: string, handlers: StreamHandlers): void {
  const fields = new Map(part.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trimStart()]));
  const name = fields.get('event') as keyof StreamEvents | undefined;
  const data = fields.get('data');
  if (name === undefined || data === undefined || !Object.hasOwn(handlers, name)) return;
  attempt(() => (handlers[name] as (data: unknown) => void)(JSON.parse(data)));
}
