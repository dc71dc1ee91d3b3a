import { isError, RemoteCacheError } from '../errors/index.js';
import type { Milliseconds } from '../time/index.js';
import { CredentialsError } from './asked-credentials.js';
import type { RedisEndpoint } from './redis-endpoint.js';

/**
 * The error of a start that had no verified connection within `timeoutMs`, with the reason in its message
 * and what to check in its hint.
 *
 * @param cause - why the last attempt failed, without a credential.
 */
export const connectFailed = (endpoint: RedisEndpoint, timeoutMs: Milliseconds, cause: unknown): RemoteCacheError =>
  new RemoteCacheError(
    'CACHE_REMOTE_CONNECT_FAILED',
    `Could not reach Redis at ${endpoint.label} within ${timeoutMs} ms${reasonOf(cause)}.`,
    { hint: hintFor(cause, endpoint), cause },
  );

/**
 * The reason that an error gives, to follow a sentence: a code, or the server's own words. Empty when it
 * gives none, or is ours.
 */
const reasonOf = (error: unknown): string => {
  if (error instanceof CredentialsError) return ` (${error.reason})`;
  const code = (error as { code?: unknown } | undefined)?.code;
  if (typeof code === 'string') return code.startsWith('CACHE_') ? '' : ` (${code})`;
  if (!isReply(error)) return '';
  // Redis words it differently when an unknown user sends more than ten arguments, as a heartbeat for two
  // caches has.
  if (error.message.includes('unauthenticated')) return ' (NOAUTH Authentication required.)';
  return ` (${error.message})`;
};

/** Whether these are a server's words, as in `NOPERM this user has …` or `ERR …`. */
export const isReply = (error: unknown): error is Error => isError(error) && /^[A-Z]{3,} /.test(error.message);

/** Whether a server says that another one is the primary: it is a replica, or has given the slot away. */
export const isElsewhere = (error: unknown): boolean => isError(error) && /^(READONLY|MOVED) /.test(error.message);

/**
 * Whether a server says that it is not the primary, or not surely: it lacks its replicas, is giving the slot
 * away, or is cut off.
 */
export const isNoPrimary = (error: unknown): boolean =>
  isElsewhere(error) || (isError(error) && /^(NOREPLICAS|ASK|TRYAGAIN|CLUSTERDOWN) /.test(error.message));

/** Whether this is Node's code for a certificate it does not trust, or for a handshake that failed. */
const isAboutTls = (code: unknown): boolean => typeof code === 'string' && /CERT|SIGNATURE|ISSUER|_TLS_|_SSL_|^EPROTO$/.test(code);

/** What to check when connecting has failed with `error`. */
function hintFor(error: unknown, { tls }: RedisEndpoint): string {
  if (error instanceof CredentialsError) return error.hint as string;
  if (isReply(error) && error.message.startsWith('NOPERM')) return 'Give the user the rights that docs/deployment.md lists.';
  return tls !== undefined && isAboutTls((error as { code?: unknown } | undefined)?.code)
    ? 'Check that the certificate of the server is for this host and that an authority in `tls.ca` (or NODE_EXTRA_CA_CERTS) has signed it; also host, port and credentials.'
    : 'Check host, port, credentials and that the server accepts connections.';
}
