import { inject, injectable, preDestroy } from 'inversify';
import { MessagePublisher, TopicError } from '../../lib/index.js';
import type { Setting } from './setting.js';
import { SETTINGS_TOPIC } from './settings-board.js';

const AGAIN_AFTER_MS = 250;

/** Tells all servers of a change. What Redis did not take is told again until it does; in which order does not matter, for versions tell. */
@injectable()
export class SettingsAnnouncer {
  readonly #publisher: MessagePublisher;
  readonly #untold = new Map<string, Setting>();
  #again: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(@inject(MessagePublisher) publisher: MessagePublisher) {
    this.#publisher = publisher;
  }

  /** Whether Redis has taken it. */
  async announce(setting: Setting): Promise<boolean> {
    const { name, version } = setting;
    try {
      await this.#publisher.publish(SETTINGS_TOPIC, setting);
    } catch (error) {
      if (!TopicError.is(error)) throw error;
      if (version >= (this.#untold.get(name)?.version ?? 0)) this.#untold.set(name, setting);
      if (!this.#isClosed) this.#again ??= setTimeout(() => void this.#announceAgain(), AGAIN_AFTER_MS);
      return false;
    }
    if (version >= (this.#untold.get(name)?.version ?? 0)) this.#untold.delete(name);
    return true;
  }

  @preDestroy()
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#again);
  }

  async #announceAgain(): Promise<void> {
    this.#again = undefined;
    for (const setting of this.#untold.values()) await this.announce(setting);
  }
}
