import { io, type Socket } from 'socket.io-client';
import { monotonicMs } from '../support/monotonic-time.js';
import type { Credential } from './credential.js';
import type { ClientEvents, ServerEvents } from './relay.js';

/** The most a request may take, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** What came back, and when it was asked for. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
  readonly beganAtMs: number;
  readonly tookMs: number;
}

/** What a request may have beside its path. */
export interface AskOptions {
  readonly method?: string;
  /** Sent as JSON. */
  readonly body?: object;
}

/** A client of the gateways, with a credential. */
export class GatewayClient {
  readonly #credential: Credential;

  constructor(credential: Credential) {
    this.#credential = credential;
  }

  /** @param url - of one of the gateways, and the path. @throws {Error} when nothing comes back, or no JSON. */
  async ask(url: string, { method = 'GET', body }: AskOptions = {}): Promise<Answer> {
    const { kind, text } = this.#credential;
    const beganAtMs = monotonicMs();
    const response = await fetch(url, {
      method,
      headers: {
        ...(kind === 'key' ? { 'x-api-key': text } : { authorization: `Bearer ${text}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const answer = (await response.json()) as Readonly<Record<string, unknown>>;
    return { status: response.status, headers: response.headers, body: answer, beganAtMs, tookMs: monotonicMs() - beganAtMs };
  }

  /** A WebSocket to a gateway. @throws {Error} when it is not let in. */
  async connect(url: string): Promise<Socket<ServerEvents, ClientEvents>> {
    const { kind, text } = this.#credential;
    const socket = io(url, { transports: ['websocket'], auth: { [kind]: text }, reconnection: false, forceNew: true, timeout: TIMEOUT_MS });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
    return socket;
  }
}
