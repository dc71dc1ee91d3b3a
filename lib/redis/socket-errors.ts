import type { Redis } from 'ioredis';

/**
 * Has every further error of the client's socket heard. ioredis listens to the first alone; but a TLS handshake that is broken off may
 * have two, ours and the alert with which the server answers, and an `error` nobody listens to ends the process.
 */
export function hearSocketErrors({ stream }: Redis): void {
  stream?.off('error', ignore).on('error', ignore); // There is no stream yet before the first attempt to connect.
}

const ignore = (): void => undefined;
