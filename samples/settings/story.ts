import type { Fleet } from '../support/fleet.js';
import type { Links } from '../support/links.js';
import { monotonicMs } from '../support/monotonic-time.js';
import type { ServerHandle } from '../support/server-handle.js';
import type { Timeline } from '../support/timeline.js';
import { CACHE } from './cached-settings.js';
import type { DatabaseOutage } from './database-outage.js';
import { OutageAct } from './outage-act.js';
import type { SettingsNotice } from './server-notice.js';
import { describe, type Setting, type SettingValue } from './setting.js';
import { SettingsClient } from './settings-client.js';
import type { SettingsStore } from './settings-store.js';
import { type Answer, type Arrival, isCurrent, judge, type Verdict } from './verdict.js';

/** How long something may take that normally takes some milliseconds, or a reconnection. */
const HAPPENS_WITHIN_MS = 10_000;

/** What a {@link Story} needs. */
export interface StoryOptions {
  /** Three servers that answer requests. */
  readonly fleet: Fleet<SettingsNotice>;
  /** `undefined`: no server can be cut off. */
  readonly links: Links | undefined;
  /** Takes the database away, and brings it back. */
  readonly outage: DatabaseOutage;
  /** Asked past every copy. */
  readonly store: SettingsStore;
  readonly token: string;
  readonly timeline: Timeline;
}

/** Changes settings, cuts one server off, takes the database away, and judges what the servers answered. */
export class Story {
  readonly #options: StoryOptions;
  readonly #answers: Answer[] = [];
  readonly #arrivals: Arrival[] = [];

  constructor(options: StoryOptions) {
    this.#options = options;
  }

  /** @throws {Error} when a server does not answer as it should, or something does not happen in time. */
  async tell(): Promise<Verdict> {
    const { fleet, timeline, links } = this.#options;
    const [first, second, third] = fleet.servers as readonly [ServerHandle, ServerHandle, ServerHandle];

    timeline.chapter('1. Read banner on all three, from the board and through the cache');
    await this.#readAll('banner');

    timeline.chapter(`2. Change banner on ${first.name}: told on settings-changed, and dropped from every cache`);
    await this.#change(first, 'banner', 'Closed on Monday', 'evict');
    await this.#readAll('banner');

    timeline.chapter(`3. Change page-size on ${second.name}: the same, and the cache gets the new value`);
    await this.#readAll('page-size');
    await this.#change(second, 'page-size', 50, 'put');
    await this.#readAll('page-size');

    if (links === undefined) timeline.chapter('4. There is no way to Redis that could be cut');
    else await this.#cutOff(third, first, links);

    timeline.chapter(`5. Change maintenance on ${third.name}`);
    await this.#change(third, 'maintenance', true, 'evict');
    await this.#readAll('maintenance');

    const { outage, answers } = await new OutageAct(this.#options).tell();
    return judge([...this.#answers, ...answers], this.#arrivals, outage);
  }

  async #cutOff(server: ServerHandle, other: ServerHandle, links: Links): Promise<void> {
    const { timeline } = this.#options;
    const { name } = server;
    timeline.chapter(`4. Cut ${name}'s way to Redis, change banner on ${other.name}, restore it`);
    const cutAtMs = monotonicMs();
    links.of(name)?.cut();
    await this.#becomesLive(name, false, cutAtMs);
    const saved = await this.#change(other, 'banner', 'Open on Monday', 'evict', [name]);
    await this.#readAll('banner', [name]);

    const restoredAtMs = monotonicMs();
    links.of(name)?.restore();
    timeline.event(restoredAtMs, name, 'has its way to Redis again');
    const liveAtMs = await this.#becomesLive(name, true, restoredAtMs);
    const arrival = this.#arrivalOnBoard(name, saved);
    this.#arrivals.push({ server: name, way: 'return', afterMs: arrival === undefined ? undefined : arrival.atMs - restoredAtMs });
    if (arrival !== undefined)
      timeline.event(arrival.atMs, name, `board   ${describe(saved)}  by ${arrival.by}, ${since(restoredAtMs, arrival.atMs)} restored`);
    timeline.event(liveAtMs, name, `vouches for its board, ${since(restoredAtMs, liveAtMs)} restored`);
    await this.#readAll('banner');
  }

  /** @param absent - servers that cannot hear of it. */
  async #change(
    server: ServerHandle,
    name: string,
    value: SettingValue,
    how: 'evict' | 'put',
    absent: readonly string[] = [],
  ): Promise<Setting> {
    const { fleet, token, timeline } = this.#options;
    const startedAtMs = monotonicMs();
    const saved = await new SettingsClient(server.url, token).change(name, value, how);
    const committed = (): number | undefined =>
      fleet.notices.of('saved').find(({ notice }) => notice.name === name && notice.version === saved.version)?.notice.committedAtMs;
    const present = fleet.servers.filter(({ name }) => !absent.includes(name));
    const onBoard = (server: string): number | undefined => this.#arrivalOnBoard(server, saved)?.atMs;
    const inCache = (server: string): number | undefined =>
      fleet.notices
        .of('evicted')
        .find(
          (entry) =>
            entry.server === server && entry.notice.cache === CACHE && entry.notice.keys.includes(name) && entry.notice.atMs > startedAtMs,
        )?.notice.atMs;
    const isEverywhere = (): boolean =>
      committed() !== undefined && present.every(({ name }) => onBoard(name) !== undefined && inCache(name) !== undefined);
    await fleet.notices.until(isEverywhere, HAPPENS_WITHIN_MS);

    const committedAtMs = committed();
    if (committedAtMs === undefined) throw new Error(`${server.name} did not tell when it saved '${name}'.`);
    const lines = [{ atMs: committedAtMs, server: server.name, text: `saved   ${describe(saved)}` }];
    for (const { name: server } of present) {
      for (const [way, atMs, what] of [
        ['board', onBoard(server), describe(saved)] as const,
        ['cache', inCache(server), `dropped ${name}`] as const,
      ]) {
        this.#arrivals.push({ server, way, afterMs: atMs === undefined ? undefined : atMs - committedAtMs });
        const text =
          atMs === undefined
            ? `${way}   has not heard within ${HAPPENS_WITHIN_MS} ms`
            : `${way}   ${what}, ${since(committedAtMs, atMs)} saved`;
        lines.push({ atMs: atMs ?? monotonicMs(), server, text });
      }
    }
    for (const { atMs, server, text } of lines.sort((a, b) => a.atMs - b.atMs)) timeline.event(atMs, server, text);
    return saved;
  }

  /** @param absent - servers that may not know of it, if they say so. */
  async #readAll(name: string, absent: readonly string[] = []): Promise<void> {
    const { fleet, store, token, timeline } = this.#options;
    for (const { name: server, url } of fleet.servers) {
      const client = new SettingsClient(url, token);
      const board = await client.onBoard(name);
      const cached = await client.inCache(name);
      const stored = await store.find(name);
      if (stored === undefined) throw new Error(`There is no setting '${name}' in the database.`);
      const isDoubtful = !board.isLive && absent.includes(server);
      this.#answers.push({ server, setting: board.setting, stored, isDoubtful });
      this.#answers.push({ server, setting: cached.setting, stored, isDoubtful: false });
      const doubt = board.isLive ? '' : ', may be out of date';
      timeline.answer(server, describe(board.setting), `the board${doubt}`, isDoubtful || isCurrent({ setting: board.setting, stored }));
      timeline.answer(server, describe(cached.setting), cached.source, isCurrent({ setting: cached.setting, stored }));
    }
  }

  /** Waits until the server says so of its board, and its cache follows; tells what became of its connections meanwhile. */
  async #becomesLive(server: string, isLive: boolean, sinceMs: number): Promise<number> {
    const { notices } = this.#options.fleet;
    const live = (): number | undefined =>
      notices.of('live').find((entry) => entry.server === server && entry.notice.isLive === isLive && entry.notice.atMs >= sinceMs)?.notice
        .atMs;
    const connections = () => notices.of('connection').filter((entry) => entry.server === server && entry.notice.atMs >= sinceMs);
    await notices.until(() => live() !== undefined && connections().some(({ notice }) => notice.what === 'bypass'), HAPPENS_WITHIN_MS);
    for (const { notice } of connections()) this.#options.timeline.event(notice.atMs, server, notice.text);
    const atMs = live();
    if (atMs !== undefined) return atMs;
    throw new Error(`${server} did not ${isLive ? 'come back' : 'notice that it was cut off'} within ${HAPPENS_WITHIN_MS} ms.`);
  }

  #arrivalOnBoard(server: string, { name, version }: Setting): Extract<SettingsNotice, { readonly kind: 'arrived' }> | undefined {
    return this.#options.fleet.notices
      .of('arrived')
      .find((entry) => entry.server === server && entry.notice.name === name && entry.notice.version >= version)?.notice;
  }
}

const since = (fromMs: number, atMs: number): string => `${(atMs - fromMs).toFixed(1)} ms after it was`;
