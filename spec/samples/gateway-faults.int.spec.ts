import { expect } from 'chai';
import { type FaultyRedis, faultyRedis } from '../../lib/testing/index.js';
import { PLANS } from '../../samples/gateway/plan.js';
import { RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';
import { GatewaySetup } from './gateway-setup.js';

describe('samples/gateway, when Redis is slow or away', function () {
  this.timeout(120_000);
  this.retries(2); // Its processes run in real time: where the machine stands still, leases lapse.

  let redis: RedisServer;
  let proxy: FaultyRedis;
  let setup: GatewaySetup;

  /** The second gateway reaches Redis over the proxy. */
  beforeEach(async () => {
    redis = await RedisServer.start();
    proxy = await faultyRedis(redis.url);
    setup = await new GatewaySetup().start([redis.url, proxy.url, redis.url]);
  });

  afterEach(async () => {
    await setup.stop();
    await proxy.stop();
    await redis.stop();
  });

  const ask = (gateway: number, client = setup.admin.client) => client.ask(`${setup.urls[gateway]}/api/books`);
  const revoke = (id: string) => setup.admin.client.ask(`${setup.urls[0]}/admin/keys/${id}`, { method: 'DELETE' });
  const revokeToken = (token: string) =>
    setup.admin.client.ask(`${setup.urls[0]}/admin/revoked-tokens`, { method: 'POST', body: { token } });

  for (const kind of ['key', 'token'] as const) {
    it(`has the revocation of a ${kind} wait for a gateway that hears late: nobody is accepted once it has returned`, async () => {
      const key = await setup.createKey('mallory');
      const token = await setup.issueToken('mallory');
      const { client } = kind === 'key' ? key : token;
      expect(await setup.statuses(client)).to.deep.equal([200, 200, 200]);
      proxy.delay(150, { direction: 'to-client' }); // Without acknowledgements the second gateway would go on for so long.
      const isAcceptedMeanwhile = ask(1, client).then(({ status }) => status === 200);
      const { status, body } = await (kind === 'key' ? revoke(key.id) : revokeToken(token.text));
      const after = await Promise.all(Array.from({ length: 50 }, () => ask(1, client)));
      expect(await isAcceptedMeanwhile).to.be.true;
      expect({ status, body }).to.deep.equal({ status: 200, body: { revoked: true, everywhere: true } });
      expect(after.map(({ status }) => status)).to.deep.equal(Array(50).fill(401));
    });
  }

  it('has ended the WebSockets of a revoked key there before the revocation returns', async () => {
    const { id, client } = await setup.createKey('mallory');
    const socket = await setup.connect(client, 1);
    const order: string[] = [];
    socket.on('disconnect', () => order.push('ended'));
    proxy.delay(150); // The message, and what acknowledges it.
    await revoke(id).then(() => order.push('returned'));
    await waitFor(() => socket.disconnected, { what: 'the end' });
    expect(order).to.deep.equal(['ended', 'returned']);
  });

  it('does not wait for ever for a gateway that is cut off: its right to answer from memory runs out, and its database knows', async () => {
    const { id, client } = await setup.createKey('mallory');
    expect(await setup.statuses(client)).to.deep.equal([200, 200, 200]);
    proxy.blackhole();
    const { status, body } = await revoke(id);
    expect({ status, body }).to.deep.equal({ status: 200, body: { revoked: true, everywhere: true } });
    expect(await setup.statuses(client)).to.deep.equal([401, 401, 401]);
  });

  it('answers when Redis is killed half-way, by the database, and knows at once of what is revoked', async () => {
    const { id, client } = await setup.createKey('ann');
    const { client: bob } = await setup.issueToken('bob');
    expect(await setup.statuses(client)).to.deep.equal([200, 200, 200]);
    const loads = await setup.counted('api-keys', 'loads');
    await redis.kill();
    await waitFor(async () => (await setup.statuses(client)).every((status) => status === 200), { what: 'answers' });
    for (let i = 0; i < 30; i += 1) expect((await ask(i % 3, i % 2 === 0 ? client : bob)).status).to.equal(200);
    expect(await setup.counted('api-keys', 'loads')).to.be.greaterThan(loads);

    const { status, body } = await revoke(id);
    expect({ status, everywhere: body['everywhere'] }).to.deep.equal({ status: 202, everywhere: false });
    expect(body['message']).to.match(/Redis did not acknowledge that: other gateways may accept it/);
    expect(await setup.statuses(client)).to.deep.equal([401, 401, 401]); // None of them answers from memory now.
  });

  it('limits what each gateway lets through while Redis is away, to its part of the plan', async () => {
    const { client } = await setup.createKey('tim', 'trial');
    await redis.kill();
    const statuses: number[] = [];
    for (let i = 0; i < 60; i += 1) statuses.push((await ask(i % 3, client)).status);
    expect(statuses.filter((status) => status === 200).length).to.equal(3 * Math.ceil(PLANS.trial.requests / 3));
    expect([...new Set(statuses)]).to.have.members([200, 429]);
  });

  it('relays again, and revokes everywhere, once Redis is back', async () => {
    const { id, client } = await setup.createKey('mallory');
    const [speaker, listener] = [await setup.connect(setup.admin.client, 0), await setup.connect(client, 2)];
    const heard: string[] = [];
    listener.on('said', ({ text }) => heard.push(text));
    await redis.kill();
    expect(await speaker.emitWithAck('say', 'lost')).to.deep.equal({ ok: true }); // Pub/sub keeps nothing.
    await redis.restart();
    const saysAgain = async (): Promise<boolean> => {
      await speaker.emitWithAck('say', 'back');
      return heard.length > 0;
    };
    await waitFor(saysAgain, { what: 'a message that is heard', everyMs: 50 });
    expect(heard[0]).to.equal('back');
    await waitFor(async () => (await revoke(id)).status === 200, { what: 'a revocation', everyMs: 50 });
    expect(await setup.statuses(client)).to.deep.equal([401, 401, 401]);
    await waitFor(() => listener.disconnected, { what: 'the end of the WebSocket' });
  });

  it('answers while Redis hangs', async () => {
    const { client } = await setup.createKey('ann');
    expect(await setup.statuses(client)).to.deep.equal([200, 200, 200]);
    redis.pause();
    try {
      for (let i = 0; i < 15; i += 1) expect((await ask(i % 3, client)).status).to.equal(200);
    } finally {
      redis.resume();
    }
  });
});

describe('samples/gateway, when others are away, or guess', function () {
  this.timeout(120_000);
  this.retries(2); // Its processes run in real time: where the machine stands still, leases lapse.

  let setup: GatewaySetup;

  beforeEach(async () => {
    setup = await new GatewaySetup().start();
  });

  afterEach(() => setup.stop());

  it('says that the service behind it is away', async () => {
    await setup.upstream.stop();
    for (const init of [{}, { method: 'POST', body: { text: 'x'.repeat(100_000) } }]) {
      const { status, body } = await setup.admin.client.ask(`${setup.urls[0]}/api/books`, init);
      expect({ status, body }).to.deep.equal({
        status: 502,
        body: { error: 'upstream_unreachable', message: 'The service cannot be reached.' },
      });
    }
  });

  it('goes on accepting the tokens it knows while their issuer is away, and says of others that it cannot tell', async () => {
    const known = await setup.issueToken('bob');
    expect((await known.client.ask(`${setup.urls[0]}/api/books`)).status).to.equal(200);
    const unknown = await setup.issueToken('eve');
    await setup.issuer.stop();
    expect(await setup.statuses(known.client)).to.deep.equal([200, 200, 200]);
    const { status, body, headers } = await unknown.client.ask(`${setup.urls[1]}/api/books`); // This gateway has never had the keys.
    expect({ status, error: body['error'], retry: headers.get('retry-after') }).to.deep.equal({
      status: 503,
      error: 'issuer_unreachable',
      retry: '5',
    });
  });

  it('limits how often an address may show what is not accepted, whatever it shows then', async () => {
    const { client } = await setup.createKey('ann');
    const guesser = setup.client({ kind: 'key', text: 'gw_guess' });
    const statuses: number[] = [];
    for (let i = 0; i < 10; i += 1) {
      const guesses = Array.from({ length: 40 }, async () => (await guesser.ask(`${setup.urls[0]}/api/books`)).status);
      statuses.push(...(await Promise.all(guesses)));
    }
    expect(new Set(statuses)).to.deep.equal(new Set([401, 429]));
    expect(statuses.filter((status) => status === 401).length).to.be.at.least(300);
    const { status, headers } = await client.ask(`${setup.urls[0]}/api/books`);
    expect(status).to.equal(429);
    expect(Number(headers.get('retry-after'))).to.be.within(1, 60);
  });
});
