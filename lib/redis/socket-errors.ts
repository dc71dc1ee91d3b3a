import type { Redis } from 'ioredis';

/**
 * Listens to every further error of the client's socket, and ignores it. ioredis listens only to the first.
 * A TLS handshake that is broken off may have two: ours, and the alert with which the server answers. An
 * `error` event without a listener ends the process.
 */
export function hearSocketErrors({ stream }: Redis): void {
  // There is no stream before the first attempt to connect.
  stream?.off('error', ignore).on('error', ignore);
}

const ignore = (): void => undefined;
