import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { closeServer, listenOn } from './loopback.js';
import { ALGORITHM, AUDIENCE } from './token-verifier.js';

const KEY_ID = 'sample';

/** The longest a token may live, in seconds. */
const MAXIMUM_LIFE_S = 3_600;

/**
 * Who issues tokens: stands for the identity provider of a real system. It signs with a key made at its start and publishes the public half at
 * `/.well-known/jwks.json`. At `/tokens` it gives a token to everybody who asks: no more than a sample, on the loopback.
 */
export class Issuer {
  readonly #server = createServer((request, response) => void this.#respond(request, response));
  readonly #keys = generateKeyPair(ALGORITHM);
  #url = '';

  get url(): string {
    return this.#url;
  }

  async start(): Promise<void> {
    this.#url = await listenOn(this.#server, 0, 'The issuer');
  }

  stop(): Promise<void> {
    return closeServer(this.#server);
  }

  /** A token for `subject` that lives so many seconds; a life of none or less is over. */
  async issue(subject: string, lifeS: number): Promise<string> {
    const { privateKey } = await this.#keys;
    const now = Math.floor(Date.now() / 1_000);
    return new SignJWT()
      .setProtectedHeader({ alg: ALGORITHM, kid: KEY_ID })
      .setIssuer(this.#url)
      .setAudience(AUDIENCE)
      .setSubject(subject)
      .setJti(randomUUID())
      .setIssuedAt(now)
      .setExpirationTime(now + lifeS)
      .sign(privateKey);
  }

  async #respond({ method, url = '' }: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path, query] = url.split('?');
    if (method === 'GET' && path === '/.well-known/jwks.json') return answer(response, 200, { keys: [await this.#publicKey()] });
    if (method !== 'POST' || path !== '/tokens')
      return answer(response, 404, { error: 'not_found', message: 'There is POST /tokens?subject=ann&seconds=60.' });
    const asked = new URLSearchParams(query);
    const subject = asked.get('subject') ?? '';
    const lifeS = Number(asked.get('seconds') ?? '60');
    if (subject === '' || !Number.isInteger(lifeS) || lifeS < 1 || lifeS > MAXIMUM_LIFE_S)
      return answer(response, 400, { error: 'bad_request', message: `Expected a subject, and 1 to ${MAXIMUM_LIFE_S} seconds.` });
    return answer(response, 201, { token: await this.issue(subject, lifeS) });
  }

  async #publicKey(): Promise<JWK> {
    return { ...(await exportJWK((await this.#keys).publicKey)), alg: ALGORITHM, use: 'sig', kid: KEY_ID };
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(`${JSON.stringify(body)}\n`);
}
