import { printableJson } from '../errors/index.js';
import type { FleetWatch } from '../fleet/index.js';
import type { Milliseconds } from '../time/index.js';

/** Statuses that arrive within this time are sent together, of each instance only the newest. */
const GATHER_MS: Milliseconds = 150;

/** How often the list of instances is sent: only time shows that an instance has become silent. */
const TELL_EVERY_MS: Milliseconds = 1_000;

/** A client with this many unread bytes gets no more statuses until it has read on. */
const ENOUGH_BACKLOG = 1024 * 1024;

/**
 * A client that reads nothing for this long is taken to be gone, and so is one with {@link MAXIMUM_BACKLOG}
 * unread bytes. It may come again.
 */
const MAXIMUM_STALL_MS: Milliseconds = 30_000;
const MAXIMUM_BACKLOG = 4 * 1024 * 1024;

/**
 * The fleet, live, as server-sent events. `hello` comes once, `status` whenever an instance has sent its
 * status. `fleet` comes about once a second, with the names of all instances, how long ago each was
 * heard and whether it is silent. `feed` tells what happened in an instance, `gone` that one has ended.
 * So a client gets what the fleet publishes, and little more. Reading it is watching: the instances
 * answer as long as it is open.
 */
export class EventStream {
  /** What the client reads. */
  readonly stream: ReadableStream<Uint8Array>;
  readonly #fleet: FleetWatch;
  readonly #ended: () => void;
  readonly #encoder = new TextEncoder();
  /** The instances whose newest status was not sent to the client yet. */
  readonly #changed = new Set<string>();
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #gathering: NodeJS.Timeout | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopWatching = (): void => undefined;
  #isOpen = true;
  #isHeldBack = false;
  #stalledMs: Milliseconds = 0;

  /**
   * @param hello - the data of the first event.
   * @param ended - called once when the stream has ended, whichever side ended it.
   */
  constructor(fleet: FleetWatch, hello: object, ended: () => void) {
    this.#fleet = fleet;
    this.#ended = ended;
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => this.#start(controller, hello),
        pull: () => this.#pull(),
        cancel: () => this.#end(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: MAXIMUM_BACKLOG }),
    );
  }

  /** Ends the stream. What was sent before can still be read. Idempotent. */
  readonly close = (): void => {
    if (!this.#isOpen) return;
    this.#end();
    this.#controller.close();
  };

  #start(controller: ReadableStreamDefaultController<Uint8Array>, hello: object): void {
    this.#controller = controller;
    this.#send('hello', hello);
    this.#stopWatching = this.#fleet.watch({
      onStatus: ({ id }) => {
        this.#changed.add(id);
        if (!this.#isHeldBack) this.#gathering ??= setTimeout(() => this.#tellStatuses(), GATHER_MS).unref();
      },
      onFeed: (instance, entries, lost) => this.#send('feed', { instance, entries, lost }),
      onGone: (instance) => this.#send('gone', { instance }),
      onEnd: this.close,
    });
    if (!this.#isOpen) return this.#stopWatching(); // The fleet had ended already.
    this.#timer = setInterval(() => this.#tellFleet(), TELL_EVERY_MS).unref();
  }

  /** The client has read on. */
  #pull(): void {
    this.#stalledMs = 0;
    if (this.#isHeldBack && this.#backlog() < ENOUGH_BACKLOG) this.#tellStatuses();
  }

  #end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    clearTimeout(this.#gathering);
    clearInterval(this.#timer);
    this.#stopWatching();
    this.#ended();
  }

  #backlog(): number {
    return MAXIMUM_BACKLOG - (this.#controller.desiredSize ?? 0);
  }

  #send(event: string, data: unknown): void {
    if (!this.#isOpen) return;
    try {
      // JSON has no line breaks outside its texts, so one `data:` line holds it all.
      this.#controller.enqueue(this.#encoder.encode(`event: ${event}\ndata: ${printableJson(data, Number.POSITIVE_INFINITY)}\n\n`));
    } catch (error) {
      this.#end();
      return this.#controller.error(error);
    }
    if (this.#backlog() >= MAXIMUM_BACKLOG) this.close();
  }

  #tellStatuses(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    this.#isHeldBack = false;
    for (const view of this.#fleet.instances()) {
      if (!this.#changed.has(view.status.id)) continue;
      this.#isHeldBack = this.#backlog() >= ENOUGH_BACKLOG;
      if (this.#isHeldBack) return; // Until the client has read on; then the newest is sent.
      this.#changed.delete(view.status.id);
      this.#send('status', view);
    }
    this.#changed.clear(); // Some may have gone meanwhile.
  }

  #tellFleet(): void {
    if (this.#backlog() >= ENOUGH_BACKLOG) {
      this.#stalledMs += TELL_EVERY_MS;
      return this.#stalledMs >= MAXIMUM_STALL_MS ? this.close() : undefined;
    }
    const instances = this.#fleet.instances().map(({ status: { id }, agoMs, isSilent }) => ({ id, agoMs, isSilent }));
    this.#send('fleet', { at: Date.now(), instances });
  }
}
