import { setTimeout as pause } from 'node:timers/promises';
import { inject, injectable, preDestroy } from 'inversify';
import { type CacheEventMap, EventListener, type Message, MessageListener } from '../../lib/index.js';
import { monotonicMs } from '../support/monotonic-time.js';
import { CACHE } from './cached-settings.js';
import { Notifier } from './notifier.js';
import type { ArrivedBy } from './server-notice.js';
import { readSetting, type Setting } from './setting.js';
import { SettingsStore } from './settings-store.js';

/** Where changes are told. */
export const SETTINGS_TOPIC = 'settings-changed';

const READ_AGAIN_AFTER_MS = 500;

/**
 * The settings, by messages: a copy of the table, kept up to date by what is told on {@link SETTINGS_TOPIC}. To look into it costs nothing and
 * waits for nobody. Pub/Sub keeps nothing for a listener that is away, so
 *
 * - the table is read at each new subscription, *after* Redis has confirmed it: what is saved before is read, what is saved later is told;
 * - of what is read and what is told the higher version wins, in whichever order they come;
 * - while the connection is away, or nothing proves that it works, the copy may be out of date, and says so: {@link isLive}.
 */
@injectable()
export class SettingsBoard {
  readonly #store: SettingsStore;
  readonly #notifier: Notifier;
  readonly #settings = new Map<string, Setting>();
  /** Counts subscriptions and their ends. */
  #epoch = 0;
  #isSubscribed = false;
  #isLoaded = false;
  #isProven = true;
  #wasLive = false;

  constructor(@inject(SettingsStore) store: SettingsStore, @inject(Notifier) notifier: Notifier) {
    this.#store = store;
    this.#notifier = notifier;
  }

  get(name: string): Setting | undefined {
    return this.#settings.get(name);
  }

  all(): readonly Setting[] {
    return [...this.#settings.values()].sort((a, b) => a.name.localeCompare(b.name));
  }

  /** Whether nothing that was told can have been missed. */
  get isLive(): boolean {
    return this.#isSubscribed && this.#isLoaded && this.#isProven;
  }

  /** Takes a setting in, unless a newer one is there. */
  take(setting: Setting, by: ArrivedBy): void {
    const { name, version } = setting;
    if (version <= (this.#settings.get(name)?.version ?? 0)) return;
    this.#settings.set(name, setting);
    this.#notifier.tell({ kind: 'arrived', name, version, by, atMs: monotonicMs() });
  }

  /** Reads the whole table. */
  async reload(): Promise<void> {
    const epoch = this.#epoch;
    for (const setting of await this.#store.findAll()) this.take(setting, 'reload');
    if (epoch !== this.#epoch) return; // What was told in between may have been missed.
    this.#isLoaded = true;
    this.#tellLive();
  }

  /** What this throws, at a message that is none of ours, becomes an `error` event. */
  @MessageListener(SETTINGS_TOPIC)
  onMessage({ body }: Message): void {
    this.take(readSetting(JSON.parse(body)), 'message');
  }

  @EventListener('subscribed')
  async onSubscribed({ topics }: CacheEventMap['subscribed']): Promise<void> {
    if (!topics.includes(SETTINGS_TOPIC)) return;
    const epoch = (this.#epoch += 1);
    this.#isSubscribed = true;
    while (epoch === this.#epoch && !this.#isLoaded) {
      try {
        await this.reload();
      } catch (error) {
        console.error(error);
        await pause(READ_AGAIN_AFTER_MS, undefined, { ref: false });
      }
    }
  }

  @EventListener('lost')
  onLost({ link }: CacheEventMap['lost']): void {
    if (link !== 'subscriber') return;
    this.#epoch += 1;
    this.#isSubscribed = false;
    this.#isLoaded = false;
    this.#tellLive();
  }

  /** The library sends heartbeats over the connection that messages come by. Without them it is as good as lost. */
  @EventListener('bypass')
  onBypass({ cache, active }: CacheEventMap['bypass']): void {
    if (cache !== CACHE) return;
    this.#isProven = !active;
    this.#tellLive();
  }

  @preDestroy()
  close(): void {
    this.#epoch += 1;
  }

  #tellLive(): void {
    if (this.isLive === this.#wasLive) return;
    this.#wasLive = this.isLive;
    this.#notifier.tell({ kind: 'live', isLive: this.isLive, atMs: monotonicMs() });
  }
}
