import { monotonicMs } from '../support/monotonic-time.js';
import type { NoticeLog } from '../support/notice-log.js';
import type { AnswerSource } from '../support/request-trace.js';
import type { Timeline } from '../support/timeline.js';
import type { HelloServer } from './hello-server.js';
import type { GreetingStore } from './hello-service.js';
import type { HelloNotice } from './journal.js';
import type { Outage } from './outage.js';

/** How long something may take that normally takes less than a second, in milliseconds. */
const HAPPENS_WITHIN_MS = 10_000;

/** What a {@link Story} needs. */
export interface StoryOptions {
  readonly servers: readonly [HelloServer, HelloServer];
  readonly store: GreetingStore;
  readonly notices: NoticeLog<HelloNotice>;
  readonly timeline: Timeline;
  /** `undefined`: nothing fails. */
  readonly outage: Outage | undefined;
}

/** What the reads were like. */
export interface Verdict {
  readonly reads: number;
  readonly wrong: number;
}

/** Reads and changes the greeting, on two servers, while Redis goes away and comes back. Every read is compared with the store. */
export class Story {
  readonly #options: StoryOptions;
  #reads = 0;
  #wrong = 0;

  constructor(options: StoryOptions) {
    this.#options = options;
  }

  /** @throws {Error} when something that must happen does not. */
  async tell(): Promise<Verdict> {
    const { servers, timeline, outage } = this.#options;
    timeline.chapter('1. Read on both, twice: from the database, from L2, then from L1');
    await this.#readTwice();
    timeline.chapter('2. Change the greeting on one: the other hears of it on user-events');
    await servers[0].change('Hello, Redis');
    await this.#readTwice();
    if (outage === undefined) timeline.chapter('3. There is no Redis that could go away');
    else await this.#survive(outage);
    return { reads: this.#reads, wrong: this.#wrong };
  }

  async #survive({ begins, begin, ends, end }: Outage): Promise<void> {
    const { servers, timeline } = this.#options;
    timeline.chapter(`3. ${begins}: L1 is not trusted any more, the database answers`);
    await this.#until({ one: ['bypassing'], two: ['bypassing'] }, begin);
    await this.#readTwice();
    await servers[0].change('Hello again');
    await this.#readTwice();

    timeline.chapter(`4. ${ends}; both come back by themselves`);
    // Until its eviction is executed the other server may still find the old greeting in a Redis that was only out of reach.
    await this.#until({ one: ['serving', 'evictRecovered'], two: ['serving'] }, end);
    await this.#readUntilLocal();
  }

  async #readTwice(): Promise<void> {
    for (const server of [...this.#options.servers, ...this.#options.servers]) await this.#read(server);
  }

  async #readUntilLocal(): Promise<void> {
    for (const deadline = monotonicMs() + HAPPENS_WITHIN_MS; ;) {
      const sources = [];
      for (const server of this.#options.servers) sources.push(await this.#read(server));
      if (sources.every((source) => source === 'L1')) return;
      if (monotonicMs() > deadline) throw new Error(`The servers did not answer from L1 again within ${HAPPENS_WITHIN_MS} ms.`);
    }
  }

  async #read(server: HelloServer): Promise<AnswerSource> {
    const { value, source } = await server.read();
    const isRight = value === this.#options.store.text;
    this.#reads += 1;
    if (!isRight) this.#wrong += 1;
    this.#options.timeline.answer(server.name, `"${value}"`, source, isRight);
    return source;
  }

  /** Does it, and waits until each server has told that all this has happened to it since. */
  async #until(expected: Readonly<Record<string, readonly HelloNotice['kind'][]>>, action: () => void | Promise<void>): Promise<void> {
    const { notices } = this.#options;
    const count = (name: string, kind: HelloNotice['kind']): number => notices.of(kind).filter(({ server }) => server === name).length;
    const waits = Object.entries(expected).flatMap(([name, kinds]) => kinds.map((kind) => ({ name, kind, before: count(name, kind) })));
    await action();
    const missing = (): typeof waits => waits.filter(({ name, kind, before }) => count(name, kind) === before);
    if (await notices.until(() => missing().length === 0, HAPPENS_WITHIN_MS)) return;
    const [late] = missing();
    throw new Error(`'${late?.name}' did not tell '${late?.kind}' within ${HAPPENS_WITHIN_MS} ms.`);
  }
}
