import { setTimeout as pause } from 'node:timers/promises';
import type { CacheStatistics } from '../../lib/index.js';
import { monotonicMs } from '../support/monotonic-time.js';
import type { ServerHandle } from '../support/server-handle.js';
import { type Answer, GatewayClient } from './gateway-client.js';
import type { Issuer } from './issuer.js';
import { PLANS, type PlanName } from './plan.js';
import { inMs, type Report } from './report.js';
import { Signal, within } from './signal.js';
import { TokenEnd } from './token-end.js';

/** Requests after the revocation, at each of the other gateways. Fewer than an address may have refused in a minute. */
const TRIES = 50;

/** Requests to all of them, before the key is revoked. */
const REQUESTS_BEFORE = 20;

/** How many clients ask one gateway at the same time while the key is revoked. */
const CLIENTS = 3;

/** The life of the token that is watched expiring, in seconds. */
const TOKEN_LIFE_S = 3;

/** What became of a revocation: with 202 it is not told everywhere. */
const outcomeOf = ({ status }: Answer): string => (status === 200 ? 'revoked' : `answered ${status}`);

/** How long something may take that normally takes milliseconds. */
const PATIENCE_MS = 5_000;

/** What a {@link Story} needs. */
export interface StoryOptions {
  readonly gateways: readonly ServerHandle[];
  readonly issuer: Issuer;
  /** May create and revoke. */
  readonly admin: GatewayClient;
  readonly report: Report;
}

/** A key of a consumer, and a client with it. */
interface KeyHolder {
  readonly id: string;
  readonly client: GatewayClient;
}

/** The demonstration: keys, tokens, limits, messages, and a revocation in the middle of the traffic. */
export class Story {
  readonly #options: StoryOptions;
  readonly #urls: readonly string[];
  readonly #first: string;
  readonly #others: readonly string[];

  constructor(options: StoryOptions) {
    this.#options = options;
    this.#urls = options.gateways.map(({ url }) => url);
    const [first = '', ...others] = this.#urls;
    this.#first = first;
    this.#others = others;
  }

  /** @throws {Error} when a gateway does not answer at all. */
  async tell(): Promise<void> {
    await this.#tellOfKeys();
    await this.#tellOfTokens();
    await this.#tellOfLimits();
    await this.#tellOfMessages();
    await this.#tellOfRevocation();
  }

  async #tellOfKeys(): Promise<void> {
    const { report } = this.#options;
    report.chapter('1. A new API key, twice on each gateway: one asks the database, the others find it in L2, then L1');
    const { id, client } = await this.#createKey('ann', 'standard');
    const before = await this.#counted();
    const answers: Answer[] = [];
    for (const url of [...this.#urls, ...this.#urls]) answers.push(await client.ask(`${url}/api/books`));
    const after = await this.#counted();
    const grew = (counter: 'loads' | 'remoteHits' | 'localHits'): number => after[counter] - before[counter];
    const localHits = grew('localHits') - this.#urls.length; // The admin's key was had from there, too, to read the counters.
    report.tell(`${id}… took ${answers.map(({ tookMs }) => inMs(tookMs)).join(', ')}`);
    report.state(
      answers.every(({ status }) => status === 200),
      `all ${answers.length} requests were passed on`,
    );
    report.state(
      grew('loads') === 1 && grew('remoteHits') + localHits === answers.length - 1, // A stalled gateway asks L2 once more than it has to.
      `the key was had ${grew('loads')} × from the database, ${grew('remoteHits')} × from L2, ${localHits} × from L1`,
    );
    const consumers = new Set(answers.map(({ body }) => forwardedHeaders(body)['x-consumer']));
    report.state(consumers.size === 1 && consumers.has(encodeURIComponent(`key:${id}`)), 'the service was told who asked');
    report.state(
      answers.every(({ body }) => forwardedHeaders(body)['x-api-key'] === undefined),
      'the service did not see the key',
    );
  }

  async #tellOfTokens(): Promise<void> {
    const { report, issuer } = this.#options;
    report.chapter(`2. Tokens: one that expires after ${TOKEN_LIFE_S} s, one that is forged, one that is revoked`);
    const mortal = await issuer.issue('bob', TOKEN_LIFE_S);
    const expiresAtMs = Number(JSON.parse(Buffer.from(mortal.split('.')[1] ?? '', 'base64url').toString()).exp) * 1_000;
    await this.#watchExpire(new GatewayClient({ kind: 'token', text: mortal }), expiresAtMs);

    const token = await issuer.issue('eve', 600);
    const forged = `${token.slice(0, -10)}${token.endsWith('AAAAAAAAAA') ? 'BBBBBBBBBB' : 'AAAAAAAAAA'}`;
    report.state(await this.#isRefused(new GatewayClient({ kind: 'token', text: forged })), 'the forged one was refused by every gateway');
    const eve = new GatewayClient({ kind: 'token', text: token });
    const accepted = await Promise.all(this.#urls.map((url) => eve.ask(`${url}/api/books`)));
    const revocation = await this.#options.admin.ask(`${this.#first}/admin/revoked-tokens`, { method: 'POST', body: { token } });
    const isRefused = await this.#isRefused(eve);
    report.tell(`${outcomeOf(revocation)} in ${inMs(revocation.tookMs)}`);
    report.state(
      accepted.every((answer) => answer.status === 200) && revocation.status === 200 && isRefused,
      'the revoked one was accepted before, and by no gateway afterwards',
    );
  }

  async #watchExpire(client: GatewayClient, expiresAtMs: number): Promise<void> {
    const { report } = this.#options;
    const end = new TokenEnd(expiresAtMs);
    let refused: Answer | undefined;
    for (let turn = 0; refused === undefined && Date.now() < expiresAtMs + PATIENCE_MS; turn += 1) {
      const atMs = Date.now();
      const answer = await client.ask(`${this.#urls[turn % this.#urls.length]}/api/books`);
      end.note({ atMs, status: answer.status });
      if (answer.status !== 200) refused = answer;
      await pause(20);
    }
    report.tell(end.told);
    report.state(end.isKept, 'the first was accepted, and never after its end');
    report.state(refused?.status === 401 && refused.body['message'] === 'This token has expired.', 'then it was refused as expired');
  }

  async #tellOfLimits(): Promise<void> {
    const { report } = this.#options;
    const { requests, seconds } = PLANS.trial;
    report.chapter(`3. The plan 'trial': ${requests} requests in ${seconds} s, whichever gateway they go to`);
    const { client } = await this.#createKey('tim', 'trial');
    const asked = requests + 10;
    const answers = await Promise.all(
      Array.from({ length: asked }, (_, i) => client.ask(`${this.#urls[i % this.#urls.length]}/api/books`)),
    );
    const passed = answers.filter(({ status }) => status === 200).length;
    const refused = answers.filter(({ status }) => status === 429);
    report.state(
      passed === requests && refused.length === asked - requests,
      `of ${asked} at once ${passed} were passed on, and ${refused.length} refused with 429`,
    );
    const waits = refused.map(({ headers }) => Number(headers.get('retry-after')));
    report.state(
      waits.length > 0 && waits.every((wait) => wait >= 1 && wait <= seconds),
      `they were told to come back in ${waits.length === 0 ? 'no' : Math.max(...waits)} s`,
    );
  }

  async #tellOfMessages(): Promise<void> {
    const { report, issuer } = this.#options;
    report.chapter('4. WebSockets: what is said on the first gateway is heard on the others');
    const { client } = await this.#createKey('ann', 'standard');
    const speaker = await client.connect(this.#first);
    const listener = new GatewayClient({ kind: 'token', text: await issuer.issue('bob', 600) });
    const listeners = await Promise.all(this.#others.map((url) => listener.connect(url)));
    const saidAtMs = monotonicMs();
    const heard = listeners.map((socket) =>
      within<number>(PATIENCE_MS, (resolve) => {
        socket.once('said', ({ from, text }) => resolve(from === 'ann' && text === 'hello' ? monotonicMs() - saidAtMs : Number.NaN));
      }),
    );
    const answer = await speaker.emitWithAck('say', 'hello');
    const delays = await Promise.all(heard);
    for (const socket of [speaker, ...listeners]) socket.disconnect();
    report.tell(`heard after ${delays.map(inTime).join(', ')}`);
    report.state('ok' in answer && delays.every((ms) => Number.isFinite(ms)), `a client on each of the ${delays.length} others heard it`);
  }

  async #tellOfRevocation(): Promise<void> {
    const { report, admin } = this.#options;
    report.chapter('5. Revoke a key on the first gateway while it is used on the others');
    const { id, client } = await this.#createKey('mallory', 'standard');
    const sockets = await Promise.all(this.#others.map((url) => client.connect(url)));
    const ended = sockets.map((socket) =>
      within<number>(PATIENCE_MS, (resolve) => void socket.once('disconnect', () => resolve(monotonicMs()))),
    );

    const returned = new Signal();
    const answers: Answer[] = [];
    const note = (answer: Answer): void => void answers.push(answer);
    const clients = this.#others.flatMap((url) => Array.from({ length: CLIENTS }, () => this.#use(client, url, returned, note)));
    const traffic = Promise.all(clients);
    while (answers.length < REQUESTS_BEFORE) await Promise.race([traffic, pause(5)]); // Should it fail, this does.
    const revocation = await admin.ask(`${this.#first}/admin/keys/${id}`, { method: 'DELETE' });
    returned.give();
    await traffic;
    const endings = await Promise.all(ended);
    for (const socket of sockets) socket.disconnect();

    const before = answers.filter(({ beganAtMs, tookMs }) => beganAtMs + tookMs < revocation.beganAtMs);
    const after = answers.filter(({ beganAtMs }) => beganAtMs > returned.givenAtMs);
    const stale = after.filter(({ status }) => status !== 401);
    const meanwhile = answers.length - before.length - after.length;
    report.tell(`${outcomeOf(revocation)} in ${inMs(revocation.tookMs)}, with ${meanwhile} requests meanwhile`);
    report.state(
      revocation.status === 200 && revocation.body['everywhere'] === true,
      'the revocation returned: no gateway accepts the key',
    );
    report.state(before.length > 0 && before.every(({ status }) => status === 200), `${before.length} requests were passed on before it`);
    report.state(
      after.length >= TRIES && stale.length === 0,
      `${after.length} began after it had returned, and ${stale.length} of them were accepted`,
    );
    const delays = endings.map((atMs) => (atMs === undefined ? undefined : atMs - revocation.beganAtMs));
    report.tell(`its sockets ended ${delays.map(inTime).join(', ')} after the revocation began`);
    report.state(
      endings.every((atMs) => atMs !== undefined),
      'its WebSockets on the other gateways were ended',
    );
  }

  /** Asks one gateway again and again, until a while after the revocation has returned. */
  async #use(client: GatewayClient, url: string, returned: Signal, note: (answer: Answer) => void): Promise<void> {
    for (let after = 0; after < TRIES / CLIENTS;) {
      const answer = await client.ask(`${url}/api/books`);
      note(answer);
      if (answer.beganAtMs > returned.givenAtMs) after += 1;
      else if (answer.status !== 200) await returned.given; // Else too many refusals would be another reason to be refused.
    }
  }

  async #isRefused(client: GatewayClient): Promise<boolean> {
    const answers = await Promise.all(this.#urls.map((url) => client.ask(`${url}/api/books`)));
    return answers.every(({ status }) => status === 401);
  }

  async #createKey(owner: string, plan: PlanName): Promise<KeyHolder> {
    const { status, body } = await this.#options.admin.ask(`${this.#first}/admin/keys`, { method: 'POST', body: { owner, plan } });
    if (status !== 201) throw new Error(`A key could not be created: ${JSON.stringify(body)}`);
    return { id: String(body['id']), client: new GatewayClient({ kind: 'key', text: String(body['key']) }) };
  }

  /** The counters of the cache `api-keys`, of all gateways together. */
  async #counted(): Promise<Pick<CacheStatistics, 'loads' | 'remoteHits' | 'localHits'>> {
    const answers = await Promise.all(this.#urls.map((url) => this.#options.admin.ask(`${url}/admin/statistics`)));
    const counted = answers.map(({ body }) => body['api-keys'] as CacheStatistics);
    const sum = (counter: 'loads' | 'remoteHits' | 'localHits'): number => counted.reduce((total, each) => total + each[counter], 0);
    return { loads: sum('loads'), remoteHits: sum('remoteHits'), localHits: sum('localHits') };
  }
}

/** What the service says it was sent. */
const forwardedHeaders = (body: Answer['body']): Readonly<Record<string, unknown>> =>
  (body['headers'] ?? {}) as Readonly<Record<string, unknown>>;

/** How long something took, as far as it was waited for. */
const inTime = (ms: number | undefined): string => (ms === undefined ? `more than ${PATIENCE_MS} ms` : inMs(ms));
