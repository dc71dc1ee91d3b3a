import type { Server as HttpServer } from 'node:http';
import { inject, injectable } from 'inversify';
import { Server, type Socket } from 'socket.io';
import { type CacheEventMap, EventListener } from '../../lib/index.js';
import { Authenticator } from './authenticator.js';
import { type Consumer, revocation } from './consumer.js';
import { type Credential, credentialOfHandshake } from './credential.js';
import { RateLimits } from './rate-limits.js';
import { Refusal } from './refusal.js';
import type { RelayTransport } from './relay-transport.js';

/** How often the credentials of open sockets are looked at again, in milliseconds. */
const LOOK_AGAIN_EVERY_MS = 1_000;

const MAXIMUM_TEXT_LENGTH = 1_000;

/** The most a client may send at once, in bytes. */
const MAXIMUM_FRAME_BYTES = 16 * 1_024;

/** What somebody said, on whichever gateway. */
export interface Said {
  readonly from: string;
  readonly text: string;
}

/** What a client is told about its own message, or at its end. */
export type SayAnswer = { readonly ok: true } | Refusal['body'];

/** What clients send. */
export interface ClientEvents {
  /** Tells all other clients, on every gateway. */
  say: (text: string, answer?: (answer: SayAnswer) => void) => void;
}

/** What clients receive. */
export interface ServerEvents {
  said: (said: Said) => void;
  /** The credential is no longer accepted; the connection ends. */
  refused: (why: Refusal['body']) => void;
}

type ClientSocket = Socket<ClientEvents, ServerEvents>;

/**
 * The WebSocket side of a gateway: relays what a client says to the clients of all gateways.
 *
 * A socket must not outlive its credential. Three things see to it. The eviction of a credential reaches every gateway as a message, and
 * ends its sockets before the gateway acknowledges: with `acks: 'all'` they have ended when the revocation returns. Who connects meanwhile,
 * with a verdict from before, is looked at again once it stands in the room that such a message empties. And once a second all are looked
 * at, which finds tokens that have expired and what was missed while Redis was away.
 */
@injectable()
export class Relay {
  readonly #authenticator: Authenticator;
  readonly #limits: RateLimits;
  /** What each socket was let in with: not in `socket.data`, which other servers may ask for. */
  readonly #credentials = new WeakMap<ClientSocket, Credential>();
  #server: Server<ClientEvents, ServerEvents> | undefined;
  #looking: NodeJS.Timeout | undefined;

  constructor(@inject(Authenticator) authenticator: Authenticator, @inject(RateLimits) limits: RateLimits) {
    this.#authenticator = authenticator;
    this.#limits = limits;
  }

  /** Answers on `http` from now on. Resolves once messages of other gateways arrive. */
  async start(http: HttpServer, transport: RelayTransport): Promise<void> {
    // No long polling: it takes several requests, which a load balancer would spread over gateways that do not know of each other's.
    const server = new Server<ClientEvents, ServerEvents>(http, {
      transports: ['websocket'],
      serveClient: false,
      maxHttpBufferSize: MAXIMUM_FRAME_BYTES,
    });
    this.#server = server;
    server.use((socket, next) => {
      this.#admit(socket).then(
        () => next(),
        (error: unknown) => next(toConnectError(error)),
      );
    });
    server.on('connection', (socket) => this.#connected(socket));
    await transport.join(server);
    this.#lookAgainLater();
  }

  /** Ends every socket, and the HTTP server with it. Idempotent. */
  async stop(): Promise<void> {
    clearTimeout(this.#looking);
    const server = this.#server;
    this.#server = undefined;
    await server?.close();
  }

  /** Ends the sockets of this gateway whose credential is revoked by this. */
  end(revokedBy: string): void {
    const room = this.#server?.local.in(revokedBy);
    room?.emit('refused', { error: 'revoked', message: 'This credential was revoked.' });
    room?.disconnectSockets(true);
  }

  /** Nothing but a revocation evicts a credential. */
  @EventListener('evicted')
  onEvicted({ cache, keys }: CacheEventMap['evicted']): void {
    for (const key of keys) this.end(revocation(cache, key));
  }

  async #admit(socket: ClientSocket): Promise<void> {
    const { address, auth } = socket.handshake;
    const { revokedBy } = await this.#authenticator.admit(address, () => {
      const credential = credentialOfHandshake(auth);
      this.#credentials.set(socket, credential);
      return credential;
    });
    await socket.join(revokedBy);
  }

  #connected(socket: ClientSocket): void {
    socket.on(
      'say',
      (text, answer: unknown) => void this.#answerTo(socket, text).then((said) => typeof answer === 'function' && answer(said)),
    );
    void this.#lookAgain(socket);
  }

  /** @param text - what the client sent, which can be anything. */
  async #answerTo(socket: ClientSocket, text: unknown): Promise<SayAnswer> {
    try {
      await this.#say(socket, text);
      return { ok: true };
    } catch (error) {
      return toRefusal(error).body;
    }
  }

  async #say(socket: ClientSocket, text: unknown): Promise<void> {
    const consumer = await this.#consumerOf(socket);
    await this.#limits.consume(consumer);
    if (typeof text !== 'string' || text === '' || text.length > MAXIMUM_TEXT_LENGTH)
      throw new Refusal(400, 'bad_message', `Expected a text of 1 to ${MAXIMUM_TEXT_LENGTH} characters.`);
    socket.broadcast.emit('said', { from: consumer.owner, text });
  }

  #consumerOf(socket: ClientSocket): Promise<Consumer> {
    return this.#authenticator.authenticate(this.#credentialOf(socket));
  }

  #credentialOf(socket: ClientSocket): Credential {
    return this.#credentials.get(socket) as Credential; // Nobody is let in without.
  }

  async #lookAgain(socket: ClientSocket): Promise<void> {
    try {
      await this.#consumerOf(socket);
    } catch (error) {
      const { status, body } = toRefusal(error);
      if (status !== 401) return; // It cannot be told now.
      socket.emit('refused', body);
      socket.disconnect(true);
    }
  }

  #lookAgainLater(): void {
    this.#looking = setTimeout(() => void this.#lookAgainAtAll(), LOOK_AGAIN_EVERY_MS);
    this.#looking.unref();
  }

  /** One after the other: while the caches cannot serve, each costs the database a question. */
  async #lookAgainAtAll(): Promise<void> {
    for (const socket of this.#server?.sockets.sockets.values() ?? []) await this.#lookAgain(socket);
    if (this.#server !== undefined) this.#lookAgainLater();
  }
}

function toRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  console.error(error);
  return new Refusal(500, 'internal', 'The gateway failed. Its log tells more.');
}

/** What Socket.IO sends to a client that it does not let in. */
function toConnectError(error: unknown): Error {
  const { body } = toRefusal(error);
  return Object.assign(new Error(body.message), { data: body });
}
