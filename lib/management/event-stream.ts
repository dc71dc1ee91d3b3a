import { printableJson } from '../errors/index.js';
import type { FleetWatch } from '../fleet/index.js';
import type { Milliseconds } from '../time/index.js';

/** Statuses that arrive within this time of each other are told together; of one instance the newest. */
const GATHER_MS: Milliseconds = 150;

/** So often it is told who is there: only time shows that an instance has become silent. */
const TELL_EVERY_MS: Milliseconds = 1_000;

/** A client that leaves so many bytes lying gets no more statuses until it has read on. */
const ENOUGH_BACKLOG = 1024 * 1024;

/** One that leaves them for so long is taken to be gone, and one that leaves {@link MAXIMUM_BACKLOG}. It may come again. */
const MAXIMUM_STALL_MS: Milliseconds = 30_000;
const MAXIMUM_BACKLOG = 4 * 1024 * 1024;

/**
 * The fleet, live, as server-sent events: `hello` once; `status` of one instance whenever it has told how it stands; `fleet` about once a
 * second, with the names of all instances, how long ago each was heard and whether it is silent; `feed` for what happened in one, `gone` for
 * one that ended. So a client is sent what the fleet publishes, and little more. Reading it is watching: as long as it is open, the
 * instances answer.
 *
 * @param hello - what the first event says.
 * @param ended - told once, when the stream has ended, by whichever side.
 */
export function eventStream(
  fleet: FleetWatch,
  hello: object,
  ended: () => void,
): { readonly stream: ReadableStream<Uint8Array>; readonly close: () => void } {
  const encoder = new TextEncoder();
  /** The instances whose newest status the client has not been sent. */
  const changed = new Set<string>();
  let controller: ReadableStreamDefaultController<Uint8Array>;
  let gathering: NodeJS.Timeout | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopWatching = (): void => undefined;
  let isOpen = true;
  let isHeldBack = false;
  let stalledMs = 0;

  const backlog = (): number => MAXIMUM_BACKLOG - (controller.desiredSize ?? 0);
  const send = (event: string, data: unknown): void => {
    if (!isOpen) return;
    try {
      // JSON has no line breaks of its own, so one `data:` line holds it all.
      controller.enqueue(encoder.encode(`event: ${event}\ndata: ${printableJson(data, Number.POSITIVE_INFINITY)}\n\n`));
    } catch (error) {
      end();
      return controller.error(error);
    }
    if (backlog() >= MAXIMUM_BACKLOG) close();
  };
  const tellStatuses = (): void => {
    clearTimeout(gathering);
    gathering = undefined;
    isHeldBack = false;
    for (const view of fleet.instances()) {
      if (!changed.has(view.status.id)) continue;
      isHeldBack = backlog() >= ENOUGH_BACKLOG;
      if (isHeldBack) return; // Until the client has read on: then the newest is told.
      changed.delete(view.status.id);
      send('status', view);
    }
    changed.clear(); // Those that have gone meanwhile.
  };
  const tellFleet = (): void => {
    if (backlog() >= ENOUGH_BACKLOG) {
      stalledMs += TELL_EVERY_MS;
      return stalledMs >= MAXIMUM_STALL_MS ? close() : undefined;
    }
    const instances = fleet.instances().map(({ status: { id }, agoMs, isSilent }) => ({ id, agoMs, isSilent }));
    send('fleet', { at: Date.now(), instances });
  };
  const end = (): void => {
    if (!isOpen) return;
    isOpen = false;
    clearTimeout(gathering);
    clearInterval(timer);
    stopWatching();
    ended();
  };
  const close = (): void => {
    if (!isOpen) return;
    end();
    controller.close();
  };
  const stream = new ReadableStream<Uint8Array>(
    {
      start(given) {
        controller = given;
        send('hello', hello);
        stopWatching = fleet.watch({
          onStatus: ({ id }) => {
            changed.add(id);
            if (!isHeldBack) gathering ??= setTimeout(tellStatuses, GATHER_MS).unref();
          },
          onFeed: (instance, entries, lost) => send('feed', { instance, entries, lost }),
          onGone: (instance) => send('gone', { instance }),
          onEnd: close,
        });
        if (!isOpen) return stopWatching(); // The fleet had ended already.
        timer = setInterval(tellFleet, TELL_EVERY_MS).unref();
      },
      pull() {
        stalledMs = 0;
        if (isHeldBack && backlog() < ENOUGH_BACKLOG) tellStatuses();
      },
      cancel: end,
    },
    new ByteLengthQueuingStrategy({ highWaterMark: MAXIMUM_BACKLOG }),
  );
  return { stream, close };
}
