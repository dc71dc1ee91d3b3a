import type { RedisEndpoint } from './redis-endpoint.js';

/** What an error says of its reason, to be put behind a sentence: a code, or the words of the server. */
export const reasonOf = (error: unknown): string => {
  const code = (error as { code?: unknown } | undefined)?.code;
  if (typeof code === 'string') return code.startsWith('CACHE_') ? '' : ` (${code})`;
  if (!isReply(error)) return '';
  // Redis' words for it once a command from somebody unknown has more than ten arguments, as a heartbeat for two caches has.
  if (error.message.includes('unauthenticated')) return ' (NOAUTH Authentication required.)';
  return ` (${error.message})`;
};

/** Whether these are the words of a server, as in `NOPERM this user has …` or `ERR …`. */
export const isReply = (error: unknown): error is Error => error instanceof Error && /^[A-Z]{3,} /.test(error.message);

/** Whether a server says that another one is the primary: it is a replica, or has given the slot away. */
export const isElsewhere = (error: unknown): boolean => error instanceof Error && /^(READONLY|MOVED) /.test(error.message);
/** Whether a server says that it is not the primary, or not for sure: it lacks its replicas, is giving the slot away, or is cut off. */
export const isNoPrimary = (error: unknown): boolean =>
  isElsewhere(error) || (error instanceof Error && /^(NOREPLICAS|ASK|TRYAGAIN|CLUSTERDOWN) /.test(error.message));

/** Node's codes of certificates it does not trust, and of handshakes that went wrong. */
const isAboutTls = (code: unknown): boolean => typeof code === 'string' && /CERT|SIGNATURE|ISSUER|_TLS_|_SSL_|^EPROTO$/.test(code);

/** What to check after a connection has failed so. */
export function hintFor(error: unknown, { tls }: RedisEndpoint): string {
  if (isReply(error) && error.message.startsWith('NOPERM')) return 'Give the user the rights that the README lists.';
  return tls !== undefined && isAboutTls((error as { code?: unknown } | undefined)?.code)
    ? 'Check that the certificate of the server is for this host and that an authority in `tls.ca` (or NODE_EXTRA_CA_CERTS) has signed it; also host, port and credentials.'
    : 'Check host, port, credentials and that the server accepts connections.';
}
