import type { Hello, InstanceStatus, InstanceView, StreamEvents } from './api.js';

/** An instance as the page sees it at a moment. */
export interface Instance {
  readonly status: InstanceStatus;
  /** Whether it is the one through which the page looks. */
  readonly isSelf: boolean;
  /** How long ago it was heard of. */
  readonly agoMs: number;
  /** Its status is overdue. */
  readonly isSilent: boolean;
  /** It was not heard of for 2 D, so no lease that it told of can hold. */
  readonly isGrey: boolean;
}

/** How long an instance is still shown after the handler has ceased to name it. */
const FORGOTTEN_AFTER_MS = 120_000;

const byName = new Intl.Collator('en', { numeric: true });

/**
 * The instances that the page knows. Their ages go on by the page's own clock, whether or not anything
 * arrives: what has not been heard of is never taken for well.
 */
export class Fleet {
  readonly #known = new Map<string, { readonly status: InstanceStatus; readonly heardAt: number }>();
  #self: string | undefined;
  /** How often an instance tells its status, and after how long it is overdue. */
  #reportEveryMs = 1_000;
  #silentAfterMs = 2_500;

  /** The stream has begun, perhaps through another instance than before. */
  begin({ instance, reportEveryMs, silentAfterMs }: Hello): void {
    this.#self = instance;
    this.#reportEveryMs = reportEveryMs ?? this.#reportEveryMs;
    this.#silentAfterMs = silentAfterMs ?? this.#silentAfterMs;
  }

  /**
   * An instance sent its status.
   *
   * @throws {TypeError} for a status that cannot be shown, before it can spoil the picture of the others.
   */
  told({ status, agoMs }: InstanceView): void {
    Object.keys(status.links);
    for (const { statistics } of Object.values(status.caches)) Object.keys(statistics);
    this.#known.set(status.id, { status, heardAt: performance.now() - agoMs });
  }

  /** These are there. Another one is forgotten in time, unless the page cannot see the others now. */
  listed(instances: StreamEvents['fleet']['instances']): void {
    const now = performance.now();
    const named = new Map(instances.map(({ id, agoMs }) => [id, agoMs]));
    const isBlind = this.blind() !== undefined;
    for (const [id, { status, heardAt }] of this.#known) {
      const agoMs = named.get(id);
      if (agoMs !== undefined) this.#known.set(id, { status, heardAt: now - agoMs });
      else if (!isBlind && now - heardAt > FORGOTTEN_AFTER_MS) this.#known.delete(id);
    }
  }

  /** It has ended. */
  gone(id: string): void {
    this.#known.delete(id);
  }

  /** All of them, by name. */
  instances(): readonly Instance[] {
    const now = performance.now();
    return [...this.#known.values()]
      .map(({ status, heardAt }) => this.#see(status, Math.max(0, now - heardAt)))
      .sort((a, b) => byName.compare(a.status.id, b.status.id));
  }

  /**
   * The instance through which the page looks, if it is heard and has lost its link: then the page cannot see
   * the others.
   */
  blind(): Instance | undefined {
    const self = this.instances().find(({ isSelf }) => isSelf);
    if (self === undefined || self.isSilent) return undefined;
    return Object.values(self.status.links).some((status) => status !== 'up') ? self : undefined;
  }

  #see(status: InstanceStatus, agoMs: number): Instance {
    // Two statuses at the least may be missing, however small D is.
    const greyAfterMs = Math.max(2 * status.boundMs, 2 * this.#reportEveryMs);
    return {
      status,
      isSelf: status.id === this.#self,
      agoMs,
      isSilent: agoMs > Math.min(greyAfterMs, this.#silentAfterMs),
      isGrey: agoMs > greyAfterMs,
    };
  }
}
