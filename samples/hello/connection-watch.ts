import { inject, injectable } from 'inversify';
import { type CacheEventMap, EventListener } from '../../lib/index.js';
import { Journal } from './journal.js';

/** What becomes of a server's connections, and of its right to answer from memory: the library tells it as it happens. */
@injectable()
export class ConnectionWatch {
  readonly #journal: Journal;

  constructor(@inject(Journal) journal: Journal) {
    this.#journal = journal;
  }

  @EventListener('subscribed')
  onSubscribed({ topics }: CacheEventMap['subscribed']): void {
    if (topics.includes('user-events')) this.#journal.note('subscribed', 'is subscribed to user-events; L1 begins empty');
  }

  @EventListener('lost')
  onLost({ link }: CacheEventMap['lost']): void {
    this.#journal.note('lost', `lost its ${link} connection`);
  }

  @EventListener('reconnecting')
  onReconnecting({ link, attempt }: CacheEventMap['reconnecting']): void {
    if (attempt === 1) this.#journal.note('reconnecting', `tries to get its ${link} connection back`); // And goes on trying.
  }

  @EventListener('bypass')
  onBypass({ active }: CacheEventMap['bypass']): void {
    if (active) this.#journal.note('bypassing', 'cannot prove that it is up to date: it does not answer from L1');
    else this.#journal.note('serving', 'has proof again that it is up to date: it may answer from L1');
  }

  @EventListener('evicted')
  onEvicted({ keys, lagMs }: CacheEventMap['evicted']): void {
    const lag = lagMs === undefined ? '' : `, ${lagMs.toFixed(1)} ms after it was evicted from L2`;
    this.#journal.note('evicted', `dropped ${keys.join(', ')} from L1${lag}`);
  }

  @EventListener('evictPending')
  onEvictPending(): void {
    this.#journal.note('evictPending', 'has no acknowledgement from Redis: the eviction is repeated until it has');
  }

  @EventListener('evictRecovered')
  onEvictRecovered({ attempts }: CacheEventMap['evictRecovered']): void {
    this.#journal.note('evictRecovered', `has evicted after all, at attempt ${attempts}`);
  }
}
