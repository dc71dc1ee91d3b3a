import { inject, injectable } from 'inversify';
import { CacheEvictError } from '../../lib/index.js';
import { traceUpdate } from '../support/request-trace.js';
import { CachedSettings } from './cached-settings.js';
import { Notifier } from './notifier.js';
import { checkName, checkValue, type Setting, type SettingValue } from './setting.js';
import { SettingsAnnouncer } from './settings-announcer.js';
import { SettingsBoard } from './settings-board.js';

/** A change that was saved. */
export interface Change {
  readonly setting: Setting;
  /** Who may not know of it for a while, because Redis did not acknowledge it; they are told as soon as it does. */
  readonly pending: readonly ('cache' | 'topic')[];
}

/** A setting that is to be forgotten. */
export interface Forgetting {
  readonly name: string;
  /** As in a {@link Change}. */
  readonly pending: readonly 'cache'[];
}

/** Changes settings, and has everybody learn of it in both ways. */
@injectable()
export class SettingsAdmin {
  readonly #cached: CachedSettings;
  readonly #board: SettingsBoard;
  readonly #announcer: SettingsAnnouncer;
  readonly #notifier: Notifier;

  constructor(
    @inject(CachedSettings) cached: CachedSettings,
    @inject(SettingsBoard) board: SettingsBoard,
    @inject(SettingsAnnouncer) announcer: SettingsAnnouncer,
    @inject(Notifier) notifier: Notifier,
  ) {
    this.#cached = cached;
    this.#board = board;
    this.#announcer = announcer;
    this.#notifier = notifier;
  }

  /**
   * Resolves once it is saved and Redis was asked to tell everybody.
   *
   * @param how - what becomes of the cached value: it is dropped everywhere, or replaced.
   * @throws {SettingError} 400 for a setting that there is not, or a value that it cannot have.
   */
  async change(name: string, value: unknown, how: 'evict' | 'put'): Promise<Change> {
    const checked = checkValue(name, value);
    const { value: change, committedAtMs } = await traceUpdate(() => this.#change(name, checked, how));
    this.#notifier.tell({ kind: 'saved', name, version: change.setting.version, committedAtMs });
    return change;
  }

  /**
   * Has every cache drop it, without a new value. The boards keep it: they are told of new ones alone.
   *
   * @throws {SettingError} 400 for a setting that there is not.
   */
  async forget(name: string): Promise<Forgetting> {
    try {
      await this.#cached.forget(checkName(name, 400));
      return { name, pending: [] };
    } catch (error) {
      if (!(error instanceof CacheEvictError)) throw error;
      return { name, pending: ['cache'] };
    }
  }

  async #change(name: string, value: SettingValue, how: 'evict' | 'put'): Promise<Change> {
    const pending: ('cache' | 'topic')[] = [];
    let setting: Setting;
    try {
      setting = await (how === 'put' ? this.#cached.replace(name, value) : this.#cached.change(name, value));
    } catch (error) {
      if (!(error instanceof CacheEvictError)) throw error; // Then nothing was saved.
      setting = error.result as Setting;
      pending.push('cache');
    }
    this.#board.take(setting, 'saved here');
    if (!(await this.#announcer.announce(setting))) pending.push('topic');
    return { setting, pending };
  }
}
