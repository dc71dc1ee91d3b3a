import { inject, injectable } from 'inversify';
import { Cacheable, CacheConfig, CacheEvict, CachePut } from '../../lib/index.js';
import type { Setting, SettingValue } from './setting.js';
import { SettingsStore } from './settings-store.js';

/** Where settings stay until they are changed. */
export const CACHE = 'settings';

/** Where settings live for half a second: see {@link CachedSettings.findRecent}. */
export const BRIEF_CACHE = 'brief-settings';

const BOTH = [CACHE, BRIEF_CACHE] as const;

/**
 * The settings, by decorators. Nothing in here knows of messages or connections: who misses one, or cannot know whether it did, reads the
 * database until it can.
 */
@injectable()
@CacheConfig({ cacheNames: CACHE })
export class CachedSettings {
  readonly #store: SettingsStore;

  constructor(@inject(SettingsStore) store: SettingsStore) {
    this.#store = store;
  }

  @Cacheable()
  find(name: string): Promise<Setting | undefined> {
    return this.#store.find(name);
  }

  /**
   * At most half a second old, whoever has written to the table: for settings that others change too, and tell
   * nobody. This takes the database every half second. While it is away, the last known value is the answer:
   * the cache has a `staleIfError`.
   */
  @Cacheable({ cacheNames: BRIEF_CACHE })
  findRecent(name: string): Promise<Setting | undefined> {
    return this.#store.find(name);
  }

  /** The same entries, for callers who prefer the error of the database to a value whose life has ended. */
  @Cacheable({ cacheNames: BRIEF_CACHE, staleIfError: 0 })
  findRecentOrFail(name: string): Promise<Setting | undefined> {
    return this.#store.find(name);
  }

  /** Every server drops its copy, and the next that is asked finds the new value in the database. */
  @CacheEvict({ cacheNames: BOTH, key: (name) => name })
  change(name: string, value: SettingValue): Promise<Setting> {
    return this.#store.save(name, value);
  }

  /**
   * Every server drops its copy, and finds the new value in Redis. For settings that one server writes: of two that write at the same moment the
   * one that is slower on its way to Redis stays in the cache, whichever the database has.
   */
  @CachePut({ cacheNames: BOTH, key: (name) => name })
  replace(name: string, value: SettingValue): Promise<Setting> {
    return this.#store.save(name, value);
  }

  /**
   * For a value that must not be used any more, though nobody can say what comes in its place. From then on it is
   * read from the database, or not at all: what was evicted is never the last known value.
   */
  @CacheEvict({ cacheNames: BOTH })
  async forget(_name: string): Promise<void> {}

  /** A Redis that is used again may still know the settings of another database. */
  @CacheEvict({ cacheNames: BOTH, allEntries: true })
  async forgetAll(): Promise<void> {}
}
