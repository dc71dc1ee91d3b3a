import { printableJson } from '../errors/index.js';

/** A request as the handler sees it, whatever framework it came through. */
export interface ManagementRequest {
  readonly method: string;
  /** Path and query, as they came. */
  readonly url: string;
  header(name: string): string | undefined;
  /**
   * Whether a body comes with it. It may read the first bytes, so it is asked only
   * after the access was checked.
   */
  hasBody(): boolean | Promise<boolean>;
}

/** The answer to a request. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | ReadableStream<Uint8Array> | undefined;
}

/** A request that is answered with only a status and a reason. */
export class Refusal extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

const TITLES: Readonly<Record<number, string>> = {
  202: 'Accepted',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  414: 'URI Too Long',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** On every answer: it is not cached, its type is not guessed, and no foreign page gets it. */
const COMMON = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/** An answer in JSON, which a terminal may print. */
export const json = (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  headers: { ...COMMON, 'content-type': 'application/json', ...headers },
  body: `${printableJson(body, Number.POSITIVE_INFINITY)}\n`,
});

/** An answer in another form. */
export const content = (type: string, body: NonNullable<Answer['body']>, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status: 200,
  headers: { ...COMMON, 'content-type': type, ...headers },
  body,
});

/** An answer without content: it is done. */
export const done = (): Answer => ({ status: 204, headers: COMMON, body: undefined });

/** An error in Spring Boot's form, with our code and hint if there are some. */
export const problem = (status: number, message: string, more: object = {}, headers: Readonly<Record<string, string>> = {}): Answer =>
  json({ status, error: TITLES[status] ?? 'Error', message, ...more }, status, headers);
