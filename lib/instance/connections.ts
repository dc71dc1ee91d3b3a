import type { HealthStatus, InstanceLinks } from '../cache/index.js';
import { throwFirst } from '../errors/index.js';
import type { CoherenceProof } from '../event/index.js';
import type { Coherence } from '../eviction/index.js';
import { type Milliseconds, type Timer, type Timers, timersOf } from '../time/index.js';
import type { MessageListenerContainer } from '../topic/index.js';
import type { Backend } from './backend.js';
import type { ResolvedCachingOptions } from './options.js';

/** Has something to do while an instance is connected. */
export interface Companion {
  /** Before the instance connects. */
  start(): Promise<void>;
  /** Before the instance leaves. Never rejects. */
  stop(): Promise<void>;
}

/**
 * The connections of an instance, in the order in which they start and stop. Its cache manager drives them.
 */
export class Connections implements InstanceLinks {
  readonly #backend: Backend;
  readonly #coherences: readonly Coherence[];
  readonly #options: ResolvedCachingOptions;
  readonly #containers: readonly MessageListenerContainer[];
  readonly #companions: Companion[] = [];
  readonly #whenAnswered: (() => void)[] = [];
  readonly #whenStarted: (() => void)[] = [];

  constructor(backend: Backend, coherences: readonly Coherence[], options: ResolvedCachingOptions) {
    this.#backend = backend;
    this.#coherences = coherences;
    this.#options = options;
    this.#containers = [...new Set([...backend.primaries.map(({ container }) => container), backend.container])];
  }

  /** Has `companion` start and stop with the connections. */
  accompany(companion: Companion): void {
    this.#companions.push(companion);
  }

  /** Tells `listener` each time the first primary has answered a heartbeat. */
  onAnswered(listener: () => void): void {
    this.#whenAnswered.push(listener);
  }

  /** Tells `listener` once the start has ended, well or not. Then it goes on in the background. */
  onStarted(listener: () => void): void {
    this.#whenStarted.push(listener);
  }

  async start(): Promise<void> {
    try {
      await this.#start();
    } finally {
      for (const tell of this.#whenStarted) tell();
    }
  }

  async #start(): Promise<void> {
    const { boundMs, connectTimeoutMs, clock } = this.#options;
    await this.#each((coherence) => coherence.open());
    for (const companion of this.#companions) await companion.start();
    this.#coherences.forEach((coherence, number) => coherence.start(() => this.#answered(number)));
    // All start at once, and all are waited for. One that fails goes on trying, in time for this start or in
    // the background.
    const outcomes = await Promise.allSettled([
      ...this.#backend.connect(this.#coherences.map((coherence) => () => coherence.beat())),
      ...this.#containers.map((container) => startListening(container, connectTimeoutMs, timersOf(clock))),
    ]);
    throwFirst(outcomes);
    await this.#each((coherence) => coherence.proven(boundMs));
  }

  async joined(name: string): Promise<void> {
    const { deadlineMs, timeoutMs } = this.#options;
    // What a read may spend before its last remote step; see `TwoTierCache`.
    const mostMs = Math.max(1, deadlineMs - 2 * timeoutMs);
    await this.#each((coherence) => coherence.proven(mostMs, [name]));
  }

  async quiesce(): Promise<void> {
    for (const companion of [...this.#companions].reverse()) await companion.stop();
    await this.#each((coherence) => coherence.leave());
    await Promise.all(this.#containers.map((container) => container.stop()));
  }

  async stop(): Promise<void> {
    for (const coherence of this.#coherences) coherence.stop();
    await this.#backend.close();
  }

  health(): Readonly<Record<string, HealthStatus>> {
    return {
      command: statusOf(this.#coherences.map(({ acceptsSteps }) => acceptsSteps)),
      subscriber: statusOf(this.#containers.map(({ isListening }) => isListening)),
    };
  }

  /** Why a primary refuses heartbeats; `undefined`: none does. */
  get refusal(): string | undefined {
    return this.#coherences.map((coherence) => coherence.refusal).find((reason) => reason !== undefined);
  }

  reason(): string {
    const { refusal } = this;
    if (refusal !== undefined) return refusal;
    if (!this.#coherences.every(({ acceptsSteps }) => acceptsSteps)) return 'Redis cannot be reached.';
    if (!this.#containers.every(({ isListening }) => isListening)) return 'The topics are not subscribed.';
    return 'No heartbeat has come back within the bound.';
  }

  proofOf(cache: string): CoherenceProof {
    const ages = this.#coherences.map((coherence) => coherence.provenMs(cache));
    const isProven = ages.every((age) => age !== undefined);
    return {
      boundMs: this.#options.boundMs,
      ...(isProven ? { provenMs: Math.max(...ages) } : {}),
      ...(this.refusal === undefined ? {} : { isHeartbeatRefused: true as const }),
    };
  }

  #answered(number: number): void {
    if (number === 0) for (const tell of this.#whenAnswered) tell();
  }

  async #each(run: (coherence: Coherence) => Promise<void>): Promise<void> {
    await Promise.all(this.#coherences.map(run));
  }
}

const statusOf = (parts: readonly boolean[]): HealthStatus => {
  if (parts.every((isUp) => isUp)) return 'up';
  return parts.includes(true) ? 'degraded' : 'down';
};

/**
 * Starts `container`. It may take until `timeoutMs`: the first attempt can be too early for a server that is
 * starting as well.
 */
async function startListening(container: MessageListenerContainer, timeoutMs: Milliseconds, timers: Timers): Promise<void> {
  let timer: Timer | undefined;
  let forget = (): void => undefined;
  const late = new Promise<'late'>((resolve) => (timer = timers.after(timeoutMs, () => resolve('late'))));
  const subscribed = new Promise<void>((resolve) => (forget = container.addSubscriptionListener({ onSubscribed: () => resolve() })));
  try {
    await container.start();
  } catch (error) {
    if ((await Promise.race([subscribed, late])) === 'late') throw error;
  } finally {
    timers.clear(timer);
    forget();
  }
}
