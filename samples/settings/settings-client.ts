import type { AnswerSource } from '../support/request-trace.js';
import type { Setting, SettingValue } from './setting.js';

/** The most a request may take, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** What the cache of short lives says of a setting: a value, or why there is none. */
export type RecentAnswer =
  { readonly setting: Setting; readonly source: AnswerSource } | { readonly setting: undefined; readonly error: string };

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

  /**
   * Through the server's cache of short lives. That the database failed is an answer too.
   *
   * @param isStaleAllowed - whether the last known value will do.
   */
  async recent(name: string, isStaleAllowed: boolean): Promise<RecentAnswer> {
    const response = await this.#request('GET', `/recent-settings/${name}${isStaleAllowed ? '' : '?stale=no'}`);
    if (response.status === 503) return { setting: undefined, error: ((await response.json()) as { readonly error: string }).error };
    await expectSuccess(response);
    return { setting: (await response.json()) as Setting, source: response.headers.get('x-cache') as AnswerSource };
  }

  /** Drops it from the caches of all servers. */
  async forget(name: string): Promise<void> {
    const response = await this.#send('DELETE', `/admin/cached-settings/${name}`);
    const { pending } = (await response.json()) as { readonly pending: readonly string[] };
    if (pending.length > 0) throw new Error(`Redis did not acknowledge that '${name}' is to be forgotten.`);
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
    const response = await this.#request(method, path, body);
    await expectSuccess(response);
    return response;
  }

  #request(method: string, path: string, body?: string): Promise<Response> {
    const authorization = `Bearer ${this.#token}`;
    return fetch(`${this.#url}${path}`, {
      method,
      body: body ?? null,
      headers: method === 'GET' ? {} : body === undefined ? { authorization } : { authorization, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  }
}

async function expectSuccess(response: Response): Promise<void> {
  if (response.ok) return;
  throw new Error(`${response.url} answered ${response.status}: ${(await response.text()).trim()}`);
}
