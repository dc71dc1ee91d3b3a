import type { FleetWatch } from '../fleet/index.js';
import type { Milliseconds } from '../time/index.js';

/** Statuses that arrive within this time of each other are told together. */
const GATHER_MS: Milliseconds = 150;

/** At least so often the whole fleet is told: only time shows that an instance has become silent. */
const TELL_EVERY_MS: Milliseconds = 1_000;

/** A client that leaves so many bytes lying is taken to be gone. It may come again. */
const MAXIMUM_BACKLOG = 4 * 1024 * 1024;

/**
 * The fleet, live, as server-sent events: `hello` once, `fleet` (every instance as it stands) about once a second, `feed` for what happened
 * in one, `gone` for one that ended. Reading it is watching: as long as it is open, the instances answer.
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
  let controller: ReadableStreamDefaultController<Uint8Array>;
  let gathering: NodeJS.Timeout | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopWatching = (): void => undefined;
  let isOpen = true;

  const send = (event: string, data: unknown): void => {
    if (!isOpen) return;
    // JSON has no line breaks of its own, so one `data:` line holds it all.
    controller.enqueue(encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
    if ((controller.desiredSize ?? 0) <= 0) close();
  };
  const tellFleet = (): void => {
    clearTimeout(gathering);
    gathering = undefined;
    send('fleet', { at: Date.now(), instances: fleet.instances() });
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
          onStatus: () => void (gathering ??= setTimeout(tellFleet, GATHER_MS).unref()),
          onFeed: (instance, entries, lost) => send('feed', { instance, entries, lost }),
          onGone: (instance) => send('gone', { instance }),
          onEnd: close,
        });
        if (!isOpen) return stopWatching(); // The fleet had ended already.
        timer = setInterval(tellFleet, TELL_EVERY_MS).unref();
      },
      cancel: end,
    },
    new ByteLengthQueuingStrategy({ highWaterMark: MAXIMUM_BACKLOG }),
  );
  return { stream, close };
}
