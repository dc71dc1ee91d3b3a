import { inject, injectable } from 'inversify';
import { Cacheable, CacheConfig, CacheEvict, CachePut } from '../../lib/index.js';
import type { Setting, SettingValue } from './setting.js';
import { SettingsStore } from './settings-store.js';

/**
 * The settings, by decorators. Nothing in here knows of messages or connections: who misses one, or cannot know whether it did, reads the
 * database until it can.
 */
@injectable()
@CacheConfig({ cacheNames: 'settings' })
export class CachedSettings {
  readonly #store: SettingsStore;

  constructor(@inject(SettingsStore) store: SettingsStore) {
    this.#store = store;
  }

  @Cacheable()
  find(name: string): Promise<Setting | undefined> {
    return this.#store.find(name);
  }

  /** Every server drops its copy, and the next that is asked finds the new value in the database. */
  @CacheEvict({ key: (name) => name })
  change(name: string, value: SettingValue): Promise<Setting> {
    return this.#store.save(name, value);
  }

  /**
   * Every server drops its copy, and finds the new value in Redis. For settings that one server writes: of two that write at the same moment the
   * one that is slower on its way to Redis stays in the cache, whichever the database has.
   */
  @CachePut({ key: (name) => name })
  replace(name: string, value: SettingValue): Promise<Setting> {
    return this.#store.save(name, value);
  }

  /** A Redis that is used again may still know the settings of another database. */
  @CacheEvict({ allEntries: true })
  async forgetAll(): Promise<void> {}
}
