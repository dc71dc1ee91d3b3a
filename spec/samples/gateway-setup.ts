import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Socket } from 'socket.io-client';
import { ApiKeyService } from '../../samples/gateway/api-key-service.js';
import { CredentialStore } from '../../samples/gateway/credential-store.js';
import type { Credential } from '../../samples/gateway/credential.js';
import { GATEWAY_NAMES } from '../../samples/gateway/gateway-names.js';
import { GatewayClient } from '../../samples/gateway/gateway-client.js';
import { GatewayServer } from '../../samples/gateway/gateway-server.js';
import { Issuer } from '../../samples/gateway/issuer.js';
import type { PlanName } from '../../samples/gateway/plan.js';
import { RateLimits } from '../../samples/gateway/rate-limits.js';
import type { ClientEvents, ServerEvents } from '../../samples/gateway/relay.js';
import { Upstream } from '../../samples/gateway/upstream.js';

/** A key, and a client with it. */
export interface KeyHolder {
  readonly id: string;
  readonly text: string;
  readonly client: GatewayClient;
}

/** Three gateways in this process, each with connections of its own, and what they need. Remembers every credential it made. */
export class GatewaySetup {
  readonly issuer = new Issuer();
  readonly upstream = new Upstream();
  /** Of each gateway, once started. */
  urls: readonly string[] = [];
  admin!: KeyHolder;
  /** What the gateways logged. */
  readonly log: string[] = [];
  /** Everything that must be seen nowhere. */
  readonly secrets: string[] = [];
  readonly #directory = mkdtempSync(join(tmpdir(), 'gateway-spec-'));
  readonly #sockets: Socket[] = [];
  #gateways: readonly GatewayServer[] = [];
  #store: CredentialStore | undefined;

  /** @param redis - the URL of each gateway's Redis; `undefined`: embedded. */
  async start(redis?: readonly [string, string, string]): Promise<this> {
    const file = join(this.#directory, 'credentials.db');
    await Promise.all([this.issuer.start(), this.upstream.start()]);
    this.#store = await CredentialStore.open(file);
    const { id, text } = await new ApiKeyService(this.#store).create({ owner: 'admin', plan: 'standard', isAdmin: true });
    this.admin = this.#holder(id, text);
    const limits = RateLimits.inMemory();
    this.#gateways = GATEWAY_NAMES.map(
      (name, i) =>
        new GatewayServer({
          name,
          instanceId: name,
          port: 0,
          file,
          issuer: this.issuer.url,
          upstream: this.upstream.url,
          backend: redis === undefined ? { redis: undefined, limits } : { redis: redis[i] as string, gateways: GATEWAY_NAMES.length },
          log: (line) => this.log.push(line),
        }),
    );
    this.urls = await Promise.all(this.#gateways.map((gateway) => gateway.start()));
    return this;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.disconnect();
    await Promise.all(this.#gateways.map((gateway) => gateway.stop()));
    this.#store?.close();
    await Promise.all([this.issuer.stop(), this.upstream.stop()]);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** A key made by the first gateway, as a consumer gets it. */
  async createKey(owner: string, plan: PlanName = 'standard'): Promise<KeyHolder> {
    const { body } = await this.admin.client.ask(`${this.urls[0]}/admin/keys`, { method: 'POST', body: { owner, plan } });
    return this.#holder(String(body['id']), String(body['key']));
  }

  async issueToken(subject: string, lifeS = 600): Promise<{ readonly text: string; readonly client: GatewayClient }> {
    const text = await this.issuer.issue(subject, lifeS);
    return { text, client: this.client({ kind: 'token', text }) };
  }

  client(credential: Credential): GatewayClient {
    this.secrets.push(credential.text);
    return new GatewayClient(credential);
  }

  /** A WebSocket that is closed at the end, at the latest. */
  async connect(client: GatewayClient, gateway: number): Promise<Socket<ServerEvents, ClientEvents>> {
    const socket = await client.connect(this.urls[gateway] as string);
    this.#sockets.push(socket);
    return socket;
  }

  /** The statuses of one request to each gateway. */
  statuses(client: GatewayClient): Promise<readonly number[]> {
    return Promise.all(this.urls.map(async (url) => (await client.ask(`${url}/api/books`)).status));
  }

  /** The counter of a cache, summed over all gateways. */
  async counted(cache: string, counter: 'loads' | 'localHits' | 'remoteHits'): Promise<number> {
    const answers = await Promise.all(this.urls.map((url) => this.admin.client.ask(`${url}/admin/statistics`)));
    return answers.reduce((sum, { body }) => sum + (body[cache] as any)[counter], 0);
  }

  #holder(id: string, text: string): KeyHolder {
    return { id, text, client: this.client({ kind: 'key', text }) };
  }
}
