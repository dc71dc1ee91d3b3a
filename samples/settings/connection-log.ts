import { inject, injectable } from 'inversify';
import { type CacheEventMap, EventListener } from '../../lib/index.js';
import { monotonicMs } from '../support/monotonic-time.js';
import { CACHE } from './cached-settings.js';
import { Notifier } from './notifier.js';
import { SETTINGS_TOPIC } from './settings-board.js';

/** What becomes of the connections and the caches, told to people. */
@injectable()
export class ConnectionLog {
  readonly #notifier: Notifier;

  constructor(@inject(Notifier) notifier: Notifier) {
    this.#notifier = notifier;
  }

  @EventListener('lost')
  onLost({ link }: CacheEventMap['lost']): void {
    this.#tell('lost', `lost its ${link} connection`);
  }

  @EventListener('subscribed')
  onSubscribed({ topics }: CacheEventMap['subscribed']): void {
    if (topics.includes(SETTINGS_TOPIC)) this.#tell('subscribed', `is subscribed to ${SETTINGS_TOPIC}`);
  }

  @EventListener('bypass')
  onBypass({ cache, active }: CacheEventMap['bypass']): void {
    if (cache === CACHE) this.#tell('bypass', active ? 'reads past L1, which may be out of date' : 'answers from L1 again');
  }

  @EventListener('evicted')
  onEvicted({ cache, keys }: CacheEventMap['evicted']): void {
    this.#notifier.tell({ kind: 'evicted', cache, keys, atMs: monotonicMs() });
  }

  @EventListener('servedStale')
  onServedStale({ key, ageMs, error }: CacheEventMap['servedStale']): void {
    this.#notifier.tell({ kind: 'servedStale', name: key, ageMs, error: (error as Error).message, atMs: monotonicMs() });
  }

  @EventListener('error')
  onError({ where, error }: CacheEventMap['error']): void {
    this.#tell('error', `survived an error in ${where}: ${error instanceof Error ? error.message : String(error)}`);
  }

  #tell(what: keyof CacheEventMap, text: string): void {
    this.#notifier.tell({ kind: 'connection', what, text, atMs: monotonicMs() });
  }
}
