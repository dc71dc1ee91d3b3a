/** A `REDIS_URL` as a URL: the scheme may be missing (`host:port`). `undefined` where it is the path of a Unix socket. */
export function redisUrl(text: string): URL | undefined {
  if (text.startsWith('/')) return undefined;
  return new URL(text.includes('://') ? text : `redis://${text}`);
}
