import type { LoggedNotice } from './notice-log.js';
import type { ServerHandle } from './server-handle.js';

/** What {@link keepUp} needs of a fleet, whatever else its servers tell. */
interface EndingFleet {
  readonly servers: readonly ServerHandle[];
  readonly notices: {
    of(kind: 'ended'): readonly LoggedNotice<{ readonly how: string }>[];
    until(isMet: () => boolean): Promise<boolean>;
  };
}

/** Tells of servers that end though nobody asked them to. Resolves once none is left. */
export async function keepUp({ servers, notices }: EndingFleet): Promise<void> {
  for (let told = 0; servers.some(({ url }) => url !== ''); told = notices.of('ended').length) {
    await notices.until(() => notices.of('ended').length > told);
    for (const { server, notice } of notices.of('ended').slice(told))
      console.error(`${server} ended (${notice.how}), though nobody asked it to.`);
  }
}
