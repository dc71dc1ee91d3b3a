import { setTimeout as pause } from 'node:timers/promises';
import type { Fleet } from '../support/fleet.js';
import { monotonicMs } from '../support/monotonic-time.js';
import type { ServerHandle } from '../support/server-handle.js';
import type { Timeline } from '../support/timeline.js';
import { BRIEF_CACHE } from './cached-settings.js';
import type { DatabaseOutage } from './database-outage.js';
import { judgeOutage, type OutageAnswer, type OutageVerdict } from './outage-verdict.js';
import type { SettingsNotice } from './server-notice.js';
import { describe, type Setting, type SettingValue } from './setting.js';
import { type RecentAnswer, SettingsClient } from './settings-client.js';
import type { SettingsStore } from './settings-store.js';
import { type Answer, isCurrent } from './verdict.js';

/** How long something may take that normally takes some milliseconds, or the rest of a short life. */
const HAPPENS_WITHIN_MS = 10_000;

/** How often a server is asked whether it answers otherwise now. */
const ASK_EVERY_MS = 20;

/** Known to all servers when the database goes away; nobody says anything against it. */
const KNOWN = 'page-size';

/** Known as well, but found to be wrong while the database is away. */
const WRONG = 'banner';

/** What is in the database when it is back. */
const CORRECTIONS: Readonly<Record<string, SettingValue>> = { [KNOWN]: 100, [WRONG]: 'Open on Tuesday' };

/** What the {@link OutageAct} needs. */
export interface OutageActOptions {
  readonly fleet: Pick<Fleet<SettingsNotice>, 'servers' | 'notices'>;
  readonly outage: DatabaseOutage;
  /** Asked past every copy. */
  readonly store: SettingsStore;
  readonly token: string;
  readonly timeline: Timeline;
}

/** What was seen of the outage, and what the servers answered while there was a database. */
export interface OutageResult {
  readonly outage: OutageVerdict;
  readonly answers: readonly Answer[];
}

/**
 * The database goes away, and comes back. Settings that live for half a second go on being answered, each with its
 * last known value, if the caller allows it. One of them is evicted meanwhile, and that one is not.
 */
export class OutageAct {
  readonly #options: OutageActOptions;
  readonly #answers: Answer[] = [];
  readonly #outageAnswers: OutageAnswer[] = [];
  /** The settings as they were before. */
  readonly #old = new Map<string, Setting>();
  #isEvicted = false;

  constructor(options: OutageActOptions) {
    this.#options = options;
  }

  /** @throws {Error} when a server does not answer as it should, or something does not happen in time. */
  async tell(): Promise<OutageResult> {
    const { fleet, outage, timeline } = this.#options;
    const [first] = fleet.servers as readonly [ServerHandle, ...ServerHandle[]];

    timeline.chapter('6. Take the database away: strict reads fail, those with staleIfError get what was known last');
    for (const name of [KNOWN, WRONG]) await this.#remember(name);
    await outage.begin();
    timeline.event(monotonicMs(), 'database', 'is away: every query fails');
    for (const name of [KNOWN, WRONG]) await this.#askForFresh(name);
    for (const name of [KNOWN, WRONG]) await this.#askForLastKnown(name);

    timeline.chapter(`7. Evict ${WRONG} on ${first.name}: what is known of it is wrong, and the database is still away`);
    await this.#forget(first, WRONG);
    for (const name of [WRONG, KNOWN]) await this.#askAgain(name);

    timeline.chapter('8. Bring the database back: somebody has corrected both by hand meanwhile, and told no server');
    await outage.end(CORRECTIONS);
    const backAtMs = monotonicMs();
    timeline.event(backAtMs, 'database', 'is back');
    for (const name of [KNOWN, WRONG]) await this.#untilFresh(name, backAtMs);
    return { outage: judgeOutage(this.#outageAnswers, fleet.notices.of('servedStale').length), answers: this.#answers };
  }

  /** Every server reads it, and so has it. */
  async #remember(name: string): Promise<void> {
    const stored = await this.#stored(name);
    this.#old.set(name, stored);
    for (const server of this.#options.fleet.servers) this.#addFresh(server, await this.#ask(server, name, true), stored);
  }

  /** On every server until its life has ended: then a caller who wants no old value gets the error. */
  async #askForFresh(name: string): Promise<void> {
    for (const server of this.#options.fleet.servers) {
      const answer = await this.#askUntil(server, name, false, ({ setting }) => setting === undefined);
      this.#addOutage(server, name, false, answer);
      this.#tellAnswer(server, name, answer, 'strict');
    }
  }

  /**
   * All lives have ended. This reads the database in vain, so the servers tell how old their answers are, and what
   * went wrong.
   */
  async #askForLastKnown(name: string): Promise<void> {
    const { fleet, timeline } = this.#options;
    for (const server of fleet.servers) {
      const answer = await this.#ask(server, name, true);
      this.#addOutage(server, name, true, answer);
      const told = () =>
        fleet.notices.of('servedStale').find((entry) => entry.server === server.name && entry.notice.name === name)?.notice;
      if (answer.setting !== undefined) await fleet.notices.until(() => told() !== undefined, HAPPENS_WITHIN_MS);
      const event = told();
      if (event !== undefined) timeline.event(event.atMs, server.name, `told    served ${name}, ${event.ageMs} ms old: ${event.error}`);
      this.#tellAnswer(server, name, answer);
    }
  }

  /** An eviction, though there is no new value. Resolves once every server has dropped the old one. */
  async #forget(server: ServerHandle, name: string): Promise<void> {
    const { fleet, token, timeline } = this.#options;
    const askedAtMs = monotonicMs();
    timeline.event(askedAtMs, server.name, `evicts  ${name}`);
    await new SettingsClient(server.url, token).forget(name);
    this.#isEvicted = true;
    const dropped = (server: string) =>
      fleet.notices
        .of('evicted')
        .find(
          ({ server: by, notice }) =>
            by === server && notice.cache === BRIEF_CACHE && notice.keys.includes(name) && notice.atMs > askedAtMs,
        )?.notice.atMs;
    const isEverywhere = (): boolean => fleet.servers.every(({ name }) => dropped(name) !== undefined);
    if (!(await fleet.notices.until(isEverywhere, HAPPENS_WITHIN_MS)))
      throw new Error(`Not every server has dropped '${name}' within ${HAPPENS_WITHIN_MS} ms.`);
    const lines = fleet.servers.map(({ name: server }) => ({ server, atMs: dropped(server) ?? askedAtMs }));
    for (const { server, atMs } of lines.sort((a, b) => a.atMs - b.atMs)) timeline.event(atMs, server, `cache   dropped ${name}`);
  }

  /** What was evicted is not answered, whatever the caller allows. What was not is. */
  async #askAgain(name: string): Promise<void> {
    for (const server of this.#options.fleet.servers) {
      const answer = await this.#ask(server, name, true);
      this.#addOutage(server, name, true, answer);
      this.#tellAnswer(server, name, answer);
    }
  }

  /**
   * Until every server answers with what the database has. Before that, it may answer with the last known value, if
   * that was not evicted.
   */
  async #untilFresh(name: string, backAtMs: number): Promise<void> {
    const { fleet, timeline } = this.#options;
    const stored = await this.#stored(name);
    for (const server of fleet.servers) {
      let stale = 0;
      const answer = await this.#askUntil(server, name, true, (answer) => {
        const isOld = answer.setting !== undefined && answer.setting.version <= (this.#old.get(name)?.version ?? 0);
        if (isOld) {
          stale += 1;
          this.#addOutage(server, name, true, answer);
        }
        return !isOld;
      });
      if (stale > 0) timeline.event(monotonicMs(), server.name, `has a new ${name} (old answers until then: ${stale})`);
      this.#addFresh(server, answer, stored, `, ${(monotonicMs() - backAtMs).toFixed(1)} ms after it was back`);
    }
  }

  /** Asks until the answer `isIt`, or time is up. Then the last answer is as good as any. */
  async #askUntil(
    server: ServerHandle,
    name: string,
    isStaleAllowed: boolean,
    isIt: (answer: RecentAnswer) => boolean,
  ): Promise<RecentAnswer> {
    const lateAtMs = monotonicMs() + HAPPENS_WITHIN_MS;
    for (;;) {
      const answer = await this.#ask(server, name, isStaleAllowed);
      if (isIt(answer) || monotonicMs() > lateAtMs) return answer;
      await pause(ASK_EVERY_MS);
    }
  }

  #ask({ url }: ServerHandle, name: string, isStaleAllowed: boolean): Promise<RecentAnswer> {
    return new SettingsClient(url, this.#options.token).recent(name, isStaleAllowed);
  }

  async #stored(name: string): Promise<Setting> {
    const stored = await this.#options.store.find(name);
    if (stored === undefined) throw new Error(`There is no setting '${name}' in the database.`);
    return stored;
  }

  /** An answer that must be that of the database. */
  #addFresh({ name: server }: ServerHandle, answer: RecentAnswer, stored: Setting, when = ''): void {
    if (answer.setting === undefined) throw new Error(`${server} did not answer, though the database is there: ${answer.error}`);
    const { setting, source } = answer;
    this.#answers.push({ server, setting, stored, isDoubtful: false });
    this.#options.timeline.answer(server, describe(setting), `${source}${when}`, isCurrent({ setting, stored }));
  }

  #addOutage({ name: server }: ServerHandle, name: string, isStaleAllowed: boolean, answer: RecentAnswer): void {
    const source = answer.setting === undefined ? undefined : answer.source;
    this.#outageAnswers.push({
      server,
      name,
      isStaleAllowed,
      isEvicted: this.#isEvicted && name === WRONG,
      setting: answer.setting,
      source,
    });
  }

  #tellAnswer({ name: server }: ServerHandle, name: string, answer: RecentAnswer, how = 'read'): void {
    const { timeline } = this.#options;
    const isAllowed = how === 'read' && !(this.#isEvicted && name === WRONG);
    if (answer.setting !== undefined) timeline.answer(server, describe(answer.setting), answer.source, isAllowed);
    else timeline.event(monotonicMs(), server, `${how.padEnd(6)}  ${name}  fails: ${answer.error}`);
  }
}
