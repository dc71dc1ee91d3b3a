import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { USAGE } from '../../samples/gateway/command-line.js';
import { GatewayClient } from '../../samples/gateway/gateway-client.js';
import { RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';
import { isListening, SampleRun } from './sample-run.js';

const STATEMENTS = [
  'all 6 requests were passed on',
  'the key was had 1 × from the database, N × from L2, N × from L1',
  'the service was told who asked',
  'the service did not see the key',
  'the first was accepted, and never after its end',
  'then it was refused as expired',
  'the forged one was refused by every gateway',
  'the revoked one was accepted before, and by no gateway afterwards',
  'of 30 at once 20 were passed on, and 10 refused with 429',
  'they were told to come back in N s',
  'a client on each of the 2 others heard it',
  'the revocation returned: no gateway accepts the key',
  'N requests were passed on before it',
  'N began after it had returned, and 0 of them were accepted',
  'its WebSockets on the other gateways were ended',
];

/** Anything that could be a whole key or token. */
const CREDENTIAL = /gw_[0-9a-f]{12}_[\w-]{20}|eyJ[\w-]{20}/;

describe('the story of samples/gateway', function () {
  this.timeout(120_000);
  this.retries(2); // Its processes run in real time: where the machine stands still, leases lapse.

  let redis: RedisServer;
  const runs: SampleRun[] = [];

  const start = (where: ConstructorParameters<typeof SampleRun>[2], ...args: string[]): SampleRun => {
    const run = new SampleRun('gateway', args, where);
    runs.push(run);
    return run;
  };

  before(async () => {
    redis = await RedisServer.start({ password: 's3cret' });
  });

  after(() => redis.stop());

  afterEach(async () => {
    await Promise.all(runs.splice(0).map((run) => run.remove()));
  });

  const expectStory = (output: string): void => {
    const statements = output.split('\n').filter((line) => /^ {2}(ok |WRONG)/.test(line));
    const numbers = /\b\d+(?= (began|requests were passed on before|× from L|s$))/g;
    expect(statements.map((line) => line.replace(numbers, 'N'))).to.deep.equal(STATEMENTS.map((statement) => `  ok     ${statement}`));
    expect(output.trimEnd().split('\n').at(-1)).to.equal(`All ${STATEMENTS.length} statements held.`);
    expect(output).to.not.match(CREDENTIAL);
    expect(output).to.match(/^ {9}accepted \d+ times, at last \d+\.\d ms before its end; answered 401 \d+\.\d ms (after|before) its end$/m);
    expect(output).to.not.match(/more than \d+ ms|never (accepted|refused)|answered (?!401)/);
  };

  it('is told by three containers in one process where there is no Redis', async () => {
    const run = start('none');
    expect(await run.end, run.output + run.errors).to.deep.equal({ code: 0, signal: null });
    expect(run.errors).to.equal('');
    expect(run.output).to.include('  Gateways:  three containers embedded in this process\n');
    expectStory(run.output);
    expect(run.leftovers).to.deep.equal([]);
  });

  it('is told by three processes on the Redis of the environment, which hears of each revocation once', async () => {
    const listener = new Redis(redis.url);
    const messages: Record<string, unknown>[] = [];
    listener.on('message', (_channel, message) => messages.push(JSON.parse(message)));
    await listener.subscribe('gateway:api-keys-channel', 'gateway:token-revocations-channel');
    try {
      const run = start({ url: redis.url });
      expect(await run.end, run.output + run.errors).to.deep.equal({ code: 0, signal: null });
      expect(run.errors).to.equal('');
      expect(run.output).to.include(`  Redis:     the Redis of the environment (127.0.0.1:${redis.port})\n  Gateways:  three processes\n`);
      expect(run.output).to.not.include('s3cret');
      expectStory(run.output);
      expect(run.leftovers).to.deep.equal([]);
      await listener.ping(); // What was published before it was asked has arrived when it answers.
      expect(messages.map(({ cache, op, origin }) => [cache, op, String(origin).replace(/\d+~[0-9a-f]{12}$/, '')])).to.deep.equal([
        ['token-revocations', 'evict', 'gateway-a-'],
        ['api-keys', 'evict', 'gateway-a-'],
      ]);
    } finally {
      listener.disconnect();
    }
  });

  it('is told on a private Redis where a server program is on the PATH, which ends with it', async () => {
    const run = start('program');
    expect(await run.end, run.output + run.errors).to.deep.equal({ code: 0, signal: null });
    expect(run.errors).to.equal('');
    expectStory(run.output);
    expect(await isListening(Number(/private redis-server on port (\d+)/.exec(run.output)?.[1]))).to.be.false;
    expect(run.leftovers).to.deep.equal([]);
  });

  it('is broken off by Ctrl-C, and leaves nothing behind', async () => {
    const run = start('program');
    await run.printed('1. A new API key');
    run.interrupt();
    expect(await run.end).to.deep.equal({ code: 130, signal: null });
    expect(run.errors).to.equal('');
    expect(run.leftovers).to.deep.equal([]);
  });

  it('breaks off where the Redis is not there', async () => {
    const owner = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(owner, 'listening');
    try {
      const run = start({ url: `redis://bob:s3cret@127.0.0.1:${(owner.address() as AddressInfo).port}` });
      expect(await run.end).to.deep.equal({ code: 1, signal: null });
      expect(run.errors).to.match(/^Could not reach Redis at 127\.0\.0\.1:\d+ within 5000 ms/);
      expect(run.errors + run.output).to.not.include('s3cret');
      expect(run.leftovers).to.deep.equal([]);
    } finally {
      owner.close();
    }
  });

  it('refuses an option it does not know, and starts nothing', async () => {
    const run = start('none', '--sevre');
    expect(await run.end).to.deep.equal({ code: 2, signal: null });
    expect({ output: run.output, errors: run.errors }).to.deep.equal({ output: '', errors: `Unknown option '--sevre'\n\n${USAGE}\n` });
    expect(run.leftovers).to.deep.equal([]);
  });

  for (const where of ['none', 'program'] as const) {
    it(`serves, ${where === 'none' ? 'without Redis' : 'on a private Redis'}, until Ctrl-C, and logs each request without its credential`, async () => {
      const run = start(where, '--serve', '--port', '0');
      await run.printed('Ctrl-C ends them.');
      const urls = [...run.output.matchAll(/^ {2}gateway-[abc] {2}(http:\S+)$/gm)].map(([, url]) => String(url));
      expect(urls.length).to.equal(3);
      const key = /^ {4}ADMIN=(\S+)$/m.exec(run.output)?.[1] ?? '';
      const admin = new GatewayClient({ kind: 'key', text: key });
      const { status, body } = await admin.ask(`${urls[0]}/admin/keys`, { method: 'POST', body: { owner: 'ann', plan: 'trial' } });
      expect(status).to.equal(201);
      const ann = new GatewayClient({ kind: 'key', text: String(body['key']) });
      const socket = await ann.connect(urls[2]!);
      expect((await ann.ask(`${urls[1]}/api/books`)).status).to.equal(200);
      expect((await admin.ask(`${urls[0]}/admin/keys/${String(body['id'])}`, { method: 'DELETE' })).body['everywhere']).to.be.true;
      expect((await ann.ask(`${urls[1]}/api/books`)).status).to.equal(401);
      await waitFor(() => socket.disconnected, { what: 'the end of the WebSocket' });
      await run.printed(' 401 ');
      expect(run.output.split(key).length).to.equal(2); // Where it is shown, once.
      expect(run.output.split('Ctrl-C ends them.')[1]).to.not.match(CREDENTIAL);
      expect(run.output).to.match(/^gateway-b {2}GET \/api\/books 200 \d+\.\d ms {2}key gw_\w+ \(ann\)$/m);
      run.interrupt();
      expect(await run.end).to.deep.equal({ code: 0, signal: null });
      expect(run.errors).to.equal('');
      expect(run.leftovers).to.deep.equal([]);
    });

    it(`ends everything where a port is taken, ${where === 'none' ? 'without Redis' : 'on a private Redis'}`, async () => {
      const owner = createServer().listen(0, '127.0.0.1');
      await once(owner, 'listening');
      try {
        const { port } = owner.address() as AddressInfo;
        const run = start(where, '--serve', '--port', `${Math.min(port, 65_533)}`);
        expect(await run.end).to.deep.equal({ code: 1, signal: null });
        expect(run.errors).to.match(
          /^gateway-[abc] cannot listen on port \d+: listen EADDRINUSE: address already in use 127\.0\.0\.1:\d+\.\n$/,
        );
        expect(run.leftovers).to.deep.equal([]);
      } finally {
        owner.close();
      }
    });
  }
});
