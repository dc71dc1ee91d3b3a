import type { OutgoingHttpHeaders } from 'node:http';

/** A request that is answered with a status of 4xx, and with the message as JSON. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly headers: OutgoingHttpHeaders = {},
  ) {
    super(message);
  }
}
