import 'reflect-metadata';
import { Container } from 'inversify';
import { CacheManager, type CachingOptions, cachingModule } from '../../lib/index.js';
import { BRIEF_CACHE, CACHE, CachedSettings } from './cached-settings.js';
import { ConnectionLog } from './connection-log.js';
import { Notifier } from './notifier.js';
import { SettingsAdmin } from './settings-admin.js';
import { SettingsAnnouncer } from './settings-announcer.js';
import { SettingsBoard } from './settings-board.js';
import { SettingsStore } from './settings-store.js';

const CACHES = {
  [CACHE]: { ttl: '10m' },
  // While the database is away: what was known last, for an hour. A server tries again every fifth of a second.
  [BRIEF_CACHE]: { ttl: 500, staleIfError: { for: '1h', retryAfter: 200 } },
} as const;

/** What one instance of the application is made of. */
export interface SettingsContainerParts {
  /** Stays open when the container ends. */
  readonly store: SettingsStore;
  readonly notifier: Notifier;
  /** `undefined`: embedded. The tier behind the instances, and the topics, live in this process then. */
  readonly redis: CachingOptions['redis'];
  readonly instanceId: string;
}

/** One instance of the application. `await container.unbindAllAsync()` ends it; so it does when this rejects. */
export async function createSettingsContainer({ store, notifier, redis, instanceId }: SettingsContainerParts): Promise<Container> {
  const container = new Container({ defaultScope: 'Singleton' });
  container.bind(SettingsStore).toConstantValue(store);
  container.bind(Notifier).toConstantValue(notifier);
  container.bind(CachedSettings).toSelf();
  container.bind(SettingsBoard).toSelf();
  container.bind(SettingsAnnouncer).toSelf();
  container.bind(SettingsAdmin).toSelf();
  container.bind(ConnectionLog).toSelf();
  container.load(cachingModule({ redis, instanceId, logger: false, caches: CACHES }));
  const board = container.get(SettingsBoard); // Whoever listens is there before the first connection.
  container.get(ConnectionLog);
  try {
    await container.get(CacheManager).start(); // Every topic is subscribed then.
    await board.reload();
  } catch (error) {
    await container.unbindAllAsync();
    throw error;
  }
  return container;
}
