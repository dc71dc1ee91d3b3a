import { CacheConfigurationError } from '../errors/index.js';

/** How the management handler behaves. Everything is optional. */
export interface CacheManagementOptions {
  /**
   * Where the handler is mounted, if the framework does not strip that from the path: `'/cache'`
   * under node:http and Fastify. Express' `app.use('/cache', …)` and Hono's `app.mount('/cache', …)`
   * strip it. Default: `''`.
   */
  readonly basePath?: string | undefined;
  /**
   * What `Authorization: Bearer …` must say, at least 16 characters. Without it anybody who
   * reaches the handler may use it. The files of the console hold no data and need no token; the
   * page asks for it. Default: none.
   */
  readonly token?: string | undefined;
  /** Whether keys may be evicted and caches cleared. Default: `false`. */
  readonly allowWrites?: boolean | undefined;
  /**
   * Origins (`https://ops.example.org`) whose pages may use the handler besides its own, because
   * a proxy shows it there. This does not switch CORS on: no answer ever allows another origin
   * to read it. Default: none.
   */
  readonly origins?: readonly string[] | undefined;
  /** The most live streams at a time. Default: `20`. */
  readonly maximumStreams?: number | undefined;
}

/** {@link CacheManagementOptions} with all defaults filled in. */
export interface ResolvedManagementOptions {
  readonly basePath: string;
  readonly token: string | undefined;
  readonly allowWrites: boolean;
  readonly origins: readonly string[];
  readonly maximumStreams: number;
}

const NAMES = ['basePath', 'token', 'allowWrites', 'origins', 'maximumStreams'];
const MINIMUM_TOKEN_LENGTH = 16;

/**
 * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID`, which names the first wrong
 *   option and never the token.
 */
export function resolveManagementOptions(options: CacheManagementOptions = {}): ResolvedManagementOptions {
  for (const name of Object.keys(options)) {
    if (!NAMES.includes(name)) {
      throw new CacheConfigurationError('CACHE_OPTION_INVALID', `Unknown option \`${name}\`.`, {
        hint: `Known here: ${NAMES.join(', ')}.`,
      });
    }
  }
  const { basePath = '', token, allowWrites = false, origins = [], maximumStreams = 20 } = options;
  if (typeof basePath !== 'string' || !/^(\/[^/?#]+)*\/?$/.test(basePath))
    throw invalid('basePath', "'' or a path such as '/cache'", basePath);
  if (token !== undefined && (typeof token !== 'string' || token.length < MINIMUM_TOKEN_LENGTH || !/^[!-~]+$/.test(token))) {
    throw new CacheConfigurationError(
      'CACHE_OPTION_INVALID',
      `Expected \`token\` to be at least ${MINIMUM_TOKEN_LENGTH} printable ASCII characters without blanks.`,
      { hint: "Make one with `openssl rand -hex 32`, and don't set `token` to have none." },
    );
  }
  if (typeof allowWrites !== 'boolean') throw invalid('allowWrites', 'a boolean', allowWrites);
  if (!Array.isArray(origins) || !origins.every(isOrigin))
    throw invalid('origins', "a list of origins such as 'https://ops.example.org'", origins);
  if (!Number.isSafeInteger(maximumStreams) || maximumStreams < 1) throw invalid('maximumStreams', 'a whole number from 1', maximumStreams);
  return Object.freeze({
    basePath: basePath.replace(/\/$/, ''),
    token,
    allowWrites,
    origins: Object.freeze([...(origins as readonly string[])]),
    maximumStreams,
  });
}

const isOrigin = (value: unknown): boolean => {
  try {
    return typeof value === 'string' && new URL(value).origin === value;
  } catch {
    return false;
  }
};

const invalid = (option: string, expected: string, value: unknown): CacheConfigurationError =>
  new CacheConfigurationError(
    'CACHE_OPTION_INVALID',
    `Expected \`${option}\` to be ${expected}, got \`${String(value)}\` (${typeof value}).`,
  );
