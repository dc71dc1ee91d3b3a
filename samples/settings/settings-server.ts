import type { FastifyInstance } from 'fastify';
import type { Container } from 'inversify';
import type { CachingOptions } from '../../lib/index.js';
import type { RunnableServer } from '../support/server-handle.js';
import type { AdminToken } from './admin-token.js';
import { Notifier } from './notifier.js';
import type { SettingsNotice } from './server-notice.js';
import { settingsApp } from './settings-app.js';
import { createSettingsContainer } from './settings-container.js';
import { SettingsStore } from './settings-store.js';

/** What a {@link SettingsServer} is given. */
export interface SettingsServerOptions {
  /** As in the header `x-server`. */
  readonly name: string;
  /** Names its cache instance in messages; unique among all that run. */
  readonly instanceId: string;
  /** On the loopback. `0`: any free one. */
  readonly port: number;
  /** The file of the database. */
  readonly file: string;
  readonly token: AdminToken;
  /** `undefined`: embedded. */
  readonly redis: CachingOptions['redis'];
  readonly notify: (notice: SettingsNotice) => void;
}

/** One server: the settings over HTTP, on the loopback. */
export class SettingsServer implements RunnableServer {
  readonly #options: SettingsServerOptions;
  #store: SettingsStore | undefined;
  #container: Container | undefined;
  #app: FastifyInstance | undefined;
  #starting: Promise<string> | undefined;

  constructor(options: SettingsServerOptions) {
    this.#options = options;
  }

  start(): Promise<string> {
    return (this.#starting ??= this.#start());
  }

  async stop(): Promise<void> {
    await this.#starting?.catch(() => undefined); // Told to whoever started it.
    await this.#app?.close();
    await this.#container?.unbindAllAsync();
    this.#store?.close();
  }

  async #start(): Promise<string> {
    const { name, instanceId, port, file, token, redis, notify } = this.#options;
    this.#store = await SettingsStore.open(file);
    this.#container = await createSettingsContainer({ store: this.#store, notifier: new Notifier(notify), redis, instanceId });
    this.#app = settingsApp({ name, container: this.#container, token });
    try {
      return await this.#app.listen({ host: '127.0.0.1', port });
    } catch (cause) {
      throw new Error(`${name} cannot listen on port ${port}: ${(cause as Error).message}.`, { cause });
    }
  }
}
