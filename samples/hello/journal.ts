import { monotonicMs } from '../support/monotonic-time.js';
import type { NoticeLog } from '../support/notice-log.js';
import type { Timeline } from '../support/timeline.js';

/** What can happen to a server. */
export type HelloNotice = {
  readonly kind:
    'changing' | 'subscribed' | 'lost' | 'reconnecting' | 'bypassing' | 'serving' | 'evicted' | 'evictPending' | 'evictRecovered';
};

/** One server's part of the story: what happens to it is printed, and noted for whoever waits for it. */
export class Journal {
  readonly #server: string;
  readonly #timeline: Timeline;
  readonly #notices: NoticeLog<HelloNotice>;

  constructor(server: string, timeline: Timeline, notices: NoticeLog<HelloNotice>) {
    this.#server = server;
    this.#timeline = timeline;
    this.#notices = notices;
  }

  note(kind: HelloNotice['kind'], text: string): void {
    this.#timeline.event(monotonicMs(), this.#server, text);
    this.#notices.add(this.#server, { kind });
  }
}
