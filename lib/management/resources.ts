import { type Cache, type CacheHealth, decodeKey, type HealthStatus } from '../cache/index.js';
import { printable } from '../errors/index.js';
import { type InstanceView, REPORT_EVERY_MS, SILENT_AFTER_MS } from '../fleet/index.js';
import { type Answer, content, done, json, Refusal } from './answer.js';
import { EventStream } from './event-stream.js';
import type { ManagedInstance } from './managed-instance.js';
import type { ResolvedManagementOptions } from './cache-management-options.js';
import { PROMETHEUS_CONTENT_TYPE, prometheusText } from './prometheus-text.js';

/** How long `GET /fleet` waits for instances that do not answer. */
const ASK_FOR_MS = 1_000;

type Method = (query: URLSearchParams, cache: string) => Answer | Promise<Answer>;

interface Resource {
  /** Matches the path; its group is the name of a cache. */
  readonly path: RegExp;
  readonly get?: Method | undefined;
  readonly delete?: Method | undefined;
}

/** Everything that can be read and done, by path. */
export class Resources {
  readonly #instance: ManagedInstance;
  readonly #options: ResolvedManagementOptions;
  readonly #streams = new Set<{ close: () => void }>();
  readonly #all: readonly Resource[] = [
    { path: /^\/?$/, get: () => json({ _links: LINKS }) },
    { path: /^\/health$/, get: () => this.#health() },
    { path: /^\/metrics$/, get: () => this.#metrics() },
    { path: /^\/caches$/, get: () => this.#caches() },
    { path: /^\/caches\/([^/]+)$/, get: (_query, name) => this.#tellCache(name), delete: (query, name) => this.#clear(query, name) },
    {
      path: /^\/caches\/([^/]+)\/entry$/,
      get: (query, name) => this.#inspect(query, name),
      delete: (query, name) => this.#evict(query, name),
    },
    { path: /^\/caches\/([^/]+)\/tags$/, delete: (query, name) => this.#evictTagged(query, name) },
    { path: /^\/fleet$/, get: () => this.#fleet() },
    { path: /^\/stream$/, get: () => this.#stream() },
  ];

  constructor(instance: ManagedInstance, options: ResolvedManagementOptions) {
    this.#instance = instance;
    this.#options = options;
  }

  /** Whether there is something at this path. */
  has(path: string): boolean {
    return this.#all.some((resource) => resource.path.test(path));
  }

  /** @throws {Refusal} and whatever the cache throws. */
  async answer(method: string, path: string, query: URLSearchParams): Promise<Answer> {
    const resource = this.#all.find((each) => each.path.test(path)) as Resource;
    const name = resource.path.exec(path)?.[1] ?? '';
    if ((method === 'GET' || method === 'HEAD') && resource.get !== undefined) return resource.get(query, name);
    if (method === 'DELETE' && resource.delete !== undefined) {
      if (!this.#options.allowWrites) throw new Refusal(403, 'The management of the cache is read-only here (`allowWrites` is off).');
      return resource.delete(query, name);
    }
    const allowed = [...(resource.get === undefined ? [] : ['GET']), ...(resource.delete === undefined ? [] : ['DELETE'])];
    throw new Refusal(405, `Expected ${allowed.join(' or ')}.`, { allow: allowed.join(', ').replace('GET', 'GET, HEAD') });
  }

  /** Ends every stream. */
  close(): void {
    for (const { close } of [...this.#streams]) close();
  }

  get #id(): string {
    return this.#instance.fleet.self.id;
  }

  #health(): Answer {
    const { status, links, caches } = this.#instance.manager.health();
    const components = { ...each(links), caches: { status: told(worst(caches)), components: eachCache(caches) } };
    return json({ status: told(status), components }, status === 'down' ? 503 : 200);
  }

  #caches(): Answer {
    const { manager } = this.#instance;
    const caches = Object.fromEntries(manager.cacheNames.map((name) => [name, { target: manager.getCache(name)?.constructor.name }]));
    return json({ cacheManagers: { [this.#id]: { caches } } });
  }

  #tellCache(encoded: string): Answer {
    const cache = this.#cache(encoded);
    const status = this.#instance.fleet.self.caches[cache.name];
    return json({ name: cache.name, cacheManager: this.#id, target: cache.constructor.name, ...status, statistics: cache.statistics() });
  }

  #metrics(): Answer {
    const { manager } = this.#instance;
    return content(PROMETHEUS_CONTENT_TYPE, prometheusText(manager.statistics(), manager.health(), { instance_id: this.#id }));
  }

  async #inspect(query: URLSearchParams, encoded: string): Promise<Answer> {
    const cache = this.#cache(encoded);
    const found = await cache.inspect(decodeKey(keyOf(query)));
    if (found === undefined) throw new Refusal(404, `Cache '${cache.name}' cannot tell where its keys lie.`);
    return json({ cache: cache.name, instance: this.#id, ...found });
  }

  async #evict(query: URLSearchParams, encoded: string): Promise<Answer> {
    const cache = this.#cache(encoded);
    const acks = acksOf(query);
    await cache.evict(decodeKey(keyOf(query)), { acks, unacknowledged: 'throw' });
    return done();
  }

  async #evictTagged(query: URLSearchParams, encoded: string): Promise<Answer> {
    const cache = this.#cache(encoded);
    const acks = acksOf(query);
    const tags = query.getAll('tag');
    if (tags.length === 0 || query.has('key')) throw new Refusal(400, 'Expected the query to name `tag`s, and no `key`.');
    await cache.evictTagged(
      tags.map((tag) => decodeKey(tag)),
      { acks, unacknowledged: 'throw' },
    );
    return done();
  }

  async #clear(query: URLSearchParams, encoded: string): Promise<Answer> {
    const cache = this.#cache(encoded);
    // A request that forgets `/entry` or `/tags` must not clear everything.
    if (query.has('key')) throw new Refusal(400, `To evict one key: DELETE /caches/${cache.name}/entry?key=…`);
    if (query.has('tag')) throw new Refusal(400, `To evict by tag: DELETE /caches/${cache.name}/tags?tag=…`);
    await cache.clear({ acks: acksOf(query), unacknowledged: 'throw' });
    return done();
  }

  async #fleet(): Promise<Answer> {
    const { fleet } = this.#instance;
    let instances: readonly InstanceView[];
    let isReachable = true;
    try {
      instances = await fleet.ask(ASK_FOR_MS);
    } catch {
      isReachable = false;
      instances = fleet.instances();
    }
    return json({ isReachable, instances });
  }

  #stream(): Answer {
    const { fleet } = this.#instance;
    const { maximumStreams, allowWrites } = this.#options;
    if (this.#streams.size >= maximumStreams) {
      const open = maximumStreams === 1 ? 'is 1 live stream' : `are ${maximumStreams} live streams`;
      throw new Refusal(503, `There ${open} already.`, { 'retry-after': '10' });
    }
    const { id, namespace, boundMs } = fleet.self;
    const hello = { instance: id, namespace, boundMs, allowWrites, reportEveryMs: REPORT_EVERY_MS, silentAfterMs: SILENT_AFTER_MS };
    const live = { close: (): void => undefined };
    this.#streams.add(live);
    const { stream, close } = new EventStream(fleet, hello, () => void this.#streams.delete(live));
    live.close = close;
    return content('text/event-stream', stream, { 'x-accel-buffering': 'no' });
  }

  /** Does not rely on `getCache` alone, which creates caches where they are dynamic. */
  #cache(encoded: string): Cache {
    const { manager } = this.#instance;
    let name: string;
    try {
      name = decodeURIComponent(encoded);
    } catch {
      throw new Refusal(400, 'The name of the cache is not percent-encoded UTF-8.');
    }
    const cache = manager.cacheNames.includes(name) ? manager.getCache(name) : undefined;
    if (cache === undefined) throw new Refusal(404, `There is no cache '${printable(name)}'.`);
    return cache;
  }
}

const LINKS = {
  ...Object.fromEntries(['console', 'health', 'caches', 'metrics', 'fleet', 'stream'].map((name) => [name, { href: name }])),
  'caches-cache': { href: 'caches/{cache}', templated: true },
  'caches-cache-entry': { href: 'caches/{cache}/entry{?key}', templated: true },
  'caches-cache-tags': { href: 'caches/{cache}/tags{?tag*}', templated: true },
};

function keyOf(query: URLSearchParams): string {
  const [key, ...others] = query.getAll('key');
  if (key === undefined || others.length > 0) throw new Refusal(400, 'Expected the query to name one `key`.');
  return key;
}

function acksOf(query: URLSearchParams): 'all' | 'none' {
  const acks = query.get('acks') ?? 'all';
  if (acks === 'all' || acks === 'none') return acks;
  throw new Refusal(400, "Expected `acks` to be 'all' or 'none'.");
}

/** Spring Boot's spelling. It has no word for `degraded`. */
const told = (status: HealthStatus): string => status.toUpperCase();

const each = (statuses: CacheHealth['links']): object =>
  Object.fromEntries(Object.entries(statuses).map(([name, status]) => [name, { status: told(status) }]));

const eachCache = (caches: CacheHealth['caches']): object =>
  Object.fromEntries(
    Object.entries(caches).map(([name, { status, ...details }]) => [
      name,
      { status: told(status), ...(Object.keys(details).length === 0 ? {} : { details }) },
    ]),
  );

const worst = (caches: CacheHealth['caches']): HealthStatus => {
  const all = Object.values(caches).map(({ status }) => status);
  return all.includes('down') ? 'down' : all.includes('degraded') ? 'degraded' : 'up';
};
