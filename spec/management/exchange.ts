import { request as send } from 'node:http';

/** What came back. */
export interface Exchange {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** A request over a socket, exactly as it is written here: `fetch` would set, refuse or tidy up headers and paths of its own accord. */
export function exchange(
  url: string,
  {
    method = 'GET',
    headers = {},
    body,
    path,
  }: { readonly method?: string; readonly headers?: Readonly<Record<string, string>>; readonly body?: string; readonly path?: string } = {},
): Promise<Exchange> {
  const target = new URL(url);
  return new Promise((resolve, reject) => {
    const request = send(
      { host: target.hostname, port: target.port, path: path ?? `${target.pathname}${target.search}`, method, headers, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString() }),
        );
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

/** Reads server-sent events of a stream, one after the other. */
export class EventReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  readonly #events: { readonly event: string; readonly data: any }[] = [];
  #rest = '';

  constructor(body: ReadableStream<Uint8Array>) {
    this.#reader = body.getReader();
  }

  /** The next event that `isWanted`; `undefined` at the end of the stream. */
  async next(isWanted: (event: string, data: any) => boolean): Promise<{ readonly event: string; readonly data: any } | undefined> {
    for (;;) {
      const found = this.#events.findIndex(({ event, data }) => isWanted(event, data));
      if (found >= 0) return this.#events.splice(0, found + 1)[found];
      this.#events.length = 0;
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      const parts = (this.#rest + this.#decoder.decode(value, { stream: true })).split('\n\n');
      this.#rest = parts.pop() ?? '';
      for (const part of parts) {
        const [, event = '', data = ''] = /^event: (\w+)\ndata: (.*)$/.exec(part) ?? [];
        this.#events.push({ event, data: JSON.parse(data) });
      }
    }
  }

  cancel(): Promise<void> {
    return this.#reader.cancel();
  }
}
