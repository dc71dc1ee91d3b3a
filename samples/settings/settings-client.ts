import type { AnswerSource } from '../support/request-trace.js';
import type { Setting, SettingValue } from './setting.js';

/** The most a request may take, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** One server's HTTP interface, seen from outside. */
export class SettingsClient {
  readonly #url: string;
  readonly #token: string;

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  /** From the server's board. @throws {Error} for any status but 200, as the others do. */
  async onBoard(name: string): Promise<{ readonly setting: Setting; readonly isLive: boolean }> {
    const response = await this.#send('GET', `/settings/${name}`);
    return { setting: (await response.json()) as Setting, isLive: response.headers.get('x-live') === 'true' };
  }

  /** Through the server's cache. */
  async inCache(name: string): Promise<{ readonly setting: Setting; readonly source: AnswerSource }> {
    const response = await this.#send('GET', `/cached-settings/${name}`);
    return { setting: (await response.json()) as Setting, source: response.headers.get('x-cache') as AnswerSource };
  }

  /** Returns it with its new version. */
  async change(name: string, value: SettingValue, how: 'evict' | 'put'): Promise<Setting> {
    const response = await this.#send('PUT', `/admin/settings/${name}?cache=${how}`, JSON.stringify({ value }));
    const { pending, ...setting } = (await response.json()) as Setting & { readonly pending: readonly string[] };
    if (pending.length > 0)
      throw new Error(`'${name}' was saved, but Redis did not acknowledge it: ${pending.join(' and ')} will hear of it later.`);
    return setting;
  }

  async #send(method: string, path: string, body?: string): Promise<Response> {
    const headers = { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' };
    const response = await fetch(`${this.#url}${path}`, {
      method,
      body: body ?? null,
      headers: body === undefined ? {} : headers,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.ok) return response;
    throw new Error(`${method} ${path} was answered with ${response.status}: ${(await response.text()).trim()}`);
  }
}
