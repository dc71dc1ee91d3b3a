import { expect } from 'chai';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { json, text } from 'node:stream/consumers';
import { Redis } from 'ioredis';
import { fingerprintOf } from '../../samples/gateway/credential.js';
import { Issuer } from '../../samples/gateway/issuer.js';
import { PLANS } from '../../samples/gateway/plan.js';
import { Bookkeeping } from '../support/bookkeeping.js';
import { RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';
import { GatewaySetup } from './gateway-setup.js';

for (const mode of ['embedded', 'on Redis'] as const) {
  describe(`samples/gateway, ${mode}`, function () {
    this.timeout(120_000);

    let redis: RedisServer | undefined;
    let setup: GatewaySetup;
    let watcher: Redis | undefined;
    const published: string[] = [];

    before(async () => {
      redis = mode === 'embedded' ? undefined : await RedisServer.start();
      if (redis !== undefined) {
        watcher = new Redis(redis.url);
        watcher.on('pmessageBuffer', (_pattern, channel, message: Buffer) => published.push(`${channel} ${message.toString('latin1')}`));
        await watcher.psubscribe('*');
      }
      setup = await new GatewaySetup().start(redis && [redis.url, redis.url, redis.url]);
    });

    after(async () => {
      await setup.stop();
      watcher?.disconnect();
      await redis?.stop();
    });

    const api = (gateway: number, path = '/books'): string => `${setup.urls[gateway]}/api${path}`;

    describe('requests', () => {
      it('passes on what is asked with a key, and the answer', async () => {
        const { id, text } = await setup.createKey('ann');
        const response = await fetch(api(1, '/books?title=Dune%2Fa%2541'), {
          method: 'PUT',
          headers: { 'x-api-key': text, 'content-type': 'text/x-note' },
          body: 'a note',
        });
        const { headers, ...asked } = (await response.json()) as any;
        expect(response.status).to.equal(200);
        expect(response.headers.get('x-gateway')).to.equal('gateway-b');
        expect(asked).to.deep.equal({ method: 'PUT', url: '/books?title=Dune%2Fa%2541', body: 'a note' });
        expect(headers).to.include({ 'content-type': 'text/x-note', 'x-consumer': `key%3A${id}`, 'x-forwarded-for': '127.0.0.1' });
      });

      it('passes on no credential, nothing meant for one connection, and nobody else’s name', async () => {
        const { id, text: key } = await setup.createKey('ann');
        const headers = {
          'x-api-key': key,
          cookie: 'session=1',
          'proxy-authorization': 'Basic eDp5',
          connection: 'close, x-private',
          'x-private': 'for the gateway',
          te: 'trailers',
          'x-consumer': 'key:admin',
          'x-kept': 'yes',
        };
        const sent = request(api(0), { headers }).end();
        const [response] = await once(sent, 'response');
        const { headers: arrived } = (await json(response)) as any;
        expect(arrived).to.not.have.any.keys('x-api-key', 'cookie', 'authorization', 'proxy-authorization', 'x-private', 'te');
        expect(arrived).to.include({ 'x-kept': 'yes', 'x-consumer': `key%3A${id}`, host: new URL(setup.upstream.url).host });
      });

      it('passes on a body without a length, also of a method that seldom has one', async () => {
        const headers = { 'x-api-key': setup.admin.text, 'transfer-encoding': 'chunked', expect: '100-continue' };
        for (const method of ['POST', 'DELETE']) {
          const sent = request(api(0), { method, headers });
          sent.write('one ');
          sent.end('two');
          const [response] = await once(sent, 'response');
          expect(await json(response)).to.include({ method, body: 'one two' });
        }
      });

      for (const target of ['/api//elsewhere.example/x', '/api/../api/x', '/api/@elsewhere.example', 'http://elsewhere.example/api/x']) {
        it(`asks nobody but its service for ${target}`, async () => {
          const socket = connect(Number(new URL(setup.urls[0]!).port), '127.0.0.1');
          socket.write(`GET ${target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-api-key: ${setup.admin.text}\r\n\r\n`);
          const answer = await text(socket);
          const isOurs = answer.startsWith('HTTP/1.1 200') && answer.includes(new URL(setup.upstream.url).host);
          expect(isOurs || answer.startsWith('HTTP/1.1 400'), answer).to.be.true;
        });
      }

      const refused: readonly (readonly [what: string, headers: () => Record<string, string>, status: number, error: string])[] = [
        ['no credential', () => ({}), 401, 'missing_credential'],
        ['a key that there is not', () => ({ 'x-api-key': `gw_0123456789ab_${'x'.repeat(43)}` }), 401, 'invalid_key'],
        ['what is no key', () => ({ 'x-api-key': "' OR 1=1 --" }), 401, 'invalid_key'],
        ['part of a key', () => ({ 'x-api-key': setup.admin.text.slice(0, -1) }), 401, 'invalid_key'],
        ['what is no token', () => ({ authorization: 'Bearer abc' }), 401, 'invalid_token'],
        ['a password', () => ({ authorization: 'Basic eDp5' }), 401, 'malformed_credential'],
        ['a key as a token', () => ({ authorization: `Bearer ${setup.admin.text}` }), 401, 'invalid_token'],
        ['both', () => ({ 'x-api-key': setup.admin.text, authorization: 'Bearer abc' }), 400, 'two_credentials'],
      ];
      for (const [what, headers, status, error] of refused) {
        it(`refuses ${what}, and says so`, async () => {
          const response = await fetch(api(2), { headers: headers() });
          const body = (await response.json()) as any;
          expect({ status: response.status, error: body.error }).to.deep.equal({ status, error });
          expect(body.message).to.match(/^[A-Z].+\.$/);
          if (status === 401) expect(response.headers.get('www-authenticate')).to.equal(`Bearer realm="gateway", error="${error}"`);
        });
      }
    });

    describe('administration', () => {
      it('takes an admin key', async () => {
        const { id, client } = await setup.createKey('ann');
        const answers = [
          await client.ask(`${setup.urls[0]}/admin/keys`, { method: 'POST', body: { owner: 'ann', isAdmin: true } }),
          await client.ask(`${setup.urls[0]}/admin/keys/${id}`, { method: 'DELETE' }),
          await client.ask(`${setup.urls[0]}/admin/statistics`),
        ];
        expect(answers.map(({ status, body }) => [status, body['error']])).to.deep.equal(answers.map(() => [403, 'not_admin']));
        expect(await setup.statuses(client)).to.deep.equal([200, 200, 200]);
      });

      const wrong: readonly (readonly [what: string, path: string, init: { method: string; body?: object }, status: number])[] = [
        ['a key without an owner', '/admin/keys', { method: 'POST', body: { owner: ' ' } }, 400],
        ['a plan that there is not', '/admin/keys', { method: 'POST', body: { owner: 'ann', plan: 'toString' } }, 400],
        ['an admin by word', '/admin/keys', { method: 'POST', body: { owner: 'ann', isAdmin: 'yes' } }, 400],
        ['a list', '/admin/keys', { method: 'POST', body: ['ann'] }, 400],
        ['no body', '/admin/keys', { method: 'POST' }, 400],
        ['the revocation of nothing', '/admin/revoked-tokens', { method: 'POST', body: {} }, 400],
        ['the revocation of a key that there is not', '/admin/keys/gw_0', { method: 'DELETE' }, 404],
        ['the revocation of what is no token', '/admin/revoked-tokens', { method: 'POST', body: { token: 'abc' } }, 400],
        ['another path', '/elsewhere', { method: 'GET' }, 404],
      ];
      for (const [what, path, init, status] of wrong) {
        it(`refuses ${what}`, async () => {
          const answer = await setup.admin.client.ask(`${setup.urls[0]}${path}`, init);
          expect(answer.status).to.equal(status);
          expect(answer.body).to.have.all.keys('error', 'message');
        });
      }

      it('tells how a gateway is, to everybody', async () => {
        const response = await fetch(`${setup.urls[1]}/health`);
        expect(response.status).to.equal(200);
        expect(await response.json()).to.include({ gateway: 'gateway-b', status: 'up' });
      });
    });

    describe('keys', () => {
      it('asks the database for a key once, for all gateways', async () => {
        const { client } = await setup.createKey('ann');
        const loads = await setup.counted('api-keys', 'loads');
        for (let i = 0; i < 9; i += 1) expect((await client.ask(api(i % 3))).status).to.equal(200);
        expect((await setup.counted('api-keys', 'loads')) - loads).to.equal(1);
      });

      it('accepts a key nowhere once its revocation has returned, in the middle of the traffic, and has ended its WebSockets', async () => {
        const { id, client } = await setup.createKey('mallory');
        const sockets = await Promise.all([0, 1, 2].map((gateway) => setup.connect(client, gateway)));
        const told: string[] = [];
        for (const socket of sockets) socket.on('refused', ({ error }) => told.push(error));

        let isReturned = false;
        const statuses: { readonly isLate: boolean; readonly status: number }[] = [];
        const use = async (gateway: number, returned: Promise<unknown>): Promise<void> => {
          for (let late = 0; late < 40;) {
            const isLate = isReturned; // Before it is asked.
            const { status } = await client.ask(api(gateway));
            statuses.push({ isLate, status });
            if (isLate) late += 1;
            else if (status !== 200) await returned; // Too many refusals would be another reason to be refused.
          }
        };
        let tellReturned!: () => void;
        const returned = new Promise<void>((resolve) => (tellReturned = resolve));
        const traffic = [0, 1, 2, 1, 2].map((gateway) => use(gateway, returned));
        await waitFor(() => statuses.length >= 20, { what: 'traffic' });
        const { status, body } = await setup.admin.client.ask(`${setup.urls[0]}/admin/keys/${id}`, { method: 'DELETE' });
        isReturned = true;
        tellReturned();
        await Promise.all(traffic);

        expect({ status, body }).to.deep.equal({ status: 200, body: { revoked: true, everywhere: true } });
        expect(statuses.slice(0, 20).map(({ status }) => status)).to.deep.equal(Array(20).fill(200));
        const late = statuses.filter(({ isLate }) => isLate);
        expect(late.length).to.equal(200);
        expect(late.filter(({ status }) => status !== 401)).to.deep.equal([]);
        await waitFor(() => sockets.every(({ disconnected }) => disconnected), { what: 'the end of the WebSockets' });
        expect(told).to.deep.equal(['revoked', 'revoked', 'revoked']);
        const refusal = await client.connect(setup.urls[2]!).catch((error: unknown) => (error as { data?: unknown }).data);
        expect(refusal).to.deep.equal({ error: 'invalid_key', message: 'This API key is unknown or revoked.' });
      });

      it('revokes a key a second time', async () => {
        const { id, client } = await setup.createKey('mallory');
        for (const gateway of [0, 1]) {
          const { status } = await setup.admin.client.ask(`${setup.urls[gateway]}/admin/keys/${id}`, { method: 'DELETE' });
          expect(status).to.equal(200);
        }
        expect(await setup.statuses(client)).to.deep.equal([401, 401, 401]);
      });
    });

    describe('tokens', () => {
      it('looks at a token once, for all gateways', async () => {
        const { client } = await setup.issueToken('bob');
        const loads = await setup.counted('token-verdicts', 'loads');
        for (let i = 0; i < 9; i += 1) expect((await client.ask(api(i % 3))).status).to.equal(200);
        expect((await setup.counted('token-verdicts', 'loads')) - loads).to.equal(1);
      });

      it('accepts a token until it expires, cached or not, and ends its WebSocket then', async () => {
        const { text, client } = await setup.issueToken('bob', 2);
        const expiresAt = JSON.parse(Buffer.from(text.split('.')[1]!, 'base64url').toString()).exp * 1_000;
        const socket = await setup.connect(client, 1);
        const why: string[] = [];
        socket.on('refused', ({ message }) => why.push(message));
        const late: number[] = [];
        await waitFor(
          async () => {
            const isLate = Date.now() >= expiresAt; // Before it is asked.
            const { status } = await client.ask(api(late.length % 3));
            if (isLate) late.push(status);
            else expect(status).to.be.oneOf([200, 401]);
            return late.length === 6;
          },
          { what: 'six requests after the end' },
        );
        expect(late).to.deep.equal([401, 401, 401, 401, 401, 401]);
        const { body } = await client.ask(api(0));
        expect(body).to.deep.equal({ error: 'invalid_token', message: 'This token has expired.' });
        await waitFor(() => socket.disconnected, { what: 'the end of the WebSocket' });
        expect(why).to.deep.equal(['This token has expired.']);
      });

      it('refuses what another issuer has signed, or nobody', async () => {
        const { text } = await setup.issueToken('bob');
        const [head, body, signature] = text.split('.') as [string, string, string];
        const other = new Issuer();
        await other.start();
        try {
          const foreign = await other.issue('bob', 600);
          const claims = Buffer.from(body, 'base64url').toString().replace('bob', 'eve');
          const texts: readonly (readonly [string, string])[] = [
            [`${head}.${Buffer.from(claims).toString('base64url')}.${signature}`, 'This token was not signed by its issuer.'],
            [`${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`, 'This is not a token of ours.'],
            [`${head}.${body}`, 'This is not a token of ours.'],
            [foreign, 'This token was not signed by its issuer.'],
          ];
          for (const [text, message] of texts) {
            const answer = await setup.client({ kind: 'token', text }).ask(api(0));
            expect({ status: answer.status, body: answer.body }).to.deep.equal({ status: 401, body: { error: 'invalid_token', message } });
          }
        } finally {
          await other.stop();
        }
      });

      it('accepts a revoked token nowhere, however it is spelled', async () => {
        const { text, client } = await setup.issueToken('eve');
        const respelled = setup.client({ kind: 'token', text: respell(text) });
        expect([...(await setup.statuses(client)), ...(await setup.statuses(respelled))]).to.deep.equal(Array(6).fill(200));
        const socket = await setup.connect(respelled, 2);
        const { status } = await setup.admin.client.ask(`${setup.urls[1]}/admin/revoked-tokens`, { method: 'POST', body: { token: text } });
        const after = [...(await setup.statuses(client)), ...(await setup.statuses(respelled))];
        expect({ status, after }).to.deep.equal({ status: 200, after: Array(6).fill(401) });
        await waitFor(() => socket.disconnected, { what: 'the end of the WebSocket' });
      });
    });

    describe('limits', () => {
      it('counts a consumer on all gateways together, and says what is left', async () => {
        const { requests, seconds } = PLANS.trial;
        const { client } = await setup.createKey('tim', 'trial');
        const first = await client.ask(api(0));
        const others = await Promise.all(Array.from({ length: requests + 9 }, (_, i) => client.ask(api(i % 3))));
        expect([first, ...others].filter(({ status }) => status === 200).length).to.equal(requests);
        const refused = others.filter(({ status }) => status === 429);
        expect(refused.length).to.equal(10);
        expect(first.headers.get('ratelimit-limit')).to.equal(`${requests}`);
        expect(first.headers.get('ratelimit-remaining')).to.equal(`${requests - 1}`);
        for (const { headers, body } of refused) {
          expect(body).to.deep.equal({ error: 'too_many_requests', message: "Your plan 'trial' allows 20 requests in 10 s." });
          expect(headers.get('ratelimit-remaining')).to.equal('0');
          expect(Number(headers.get('retry-after'))).to.be.within(1, seconds);
        }
        expect((await setup.admin.client.ask(api(0))).status).to.equal(200); // Others are not concerned.
      });
    });

    describe('messages', () => {
      it('relays what a client says on one gateway to the clients of all others, and of its own, but not back', async () => {
        const { client } = await setup.createKey('ann');
        const { client: bob } = await setup.issueToken('bob');
        const speaker = await setup.connect(client, 0);
        const listeners = await Promise.all([0, 1, 2].map((gateway) => setup.connect(bob, gateway)));
        const heard: unknown[] = [];
        for (const [i, socket] of [speaker, ...listeners].entries()) socket.on('said', (said) => heard.push([i, said]));
        expect(await speaker.emitWithAck('say', 'hello')).to.deep.equal({ ok: true });
        await waitFor(() => heard.length >= 3, { what: 'three listeners that have heard it' });
        // What follows comes after what would come back: over the same transport, in order.
        expect(await listeners[1]!.emitWithAck('say', 'good-bye')).to.deep.equal({ ok: true });
        await waitFor(() => heard.length >= 6, { what: 'the answer' });
        const said = (from: string, text: string, ...to: number[]): unknown[] => to.map((i) => [i, { from, text }]);
        expect(heard).to.have.deep.members([...said('ann', 'hello', 1, 2, 3), ...said('bob', 'good-bye', 0, 1, 3)]);
      });

      it('survives whatever a client sends', async () => {
        const { client } = await setup.createKey('ann');
        const socket: any = await setup.connect(client, 1);
        const badMessage = { error: 'bad_message', message: 'Expected a text of 1 to 1000 characters.' };
        for (const text of ['', 'x'.repeat(1_001), 5, null, { text: 'x' }, ['x']]) {
          expect(await socket.emitWithAck('say', text)).to.deep.equal(badMessage);
        }
        socket.emit('say', 'hello', 'no function');
        socket.emit('say');
        socket.emit('shout', 'hello');
        expect(await socket.emitWithAck('say', 'still here')).to.deep.equal({ ok: true });
      });

      it('counts them like requests', async () => {
        const { client } = await setup.createKey('tim', 'trial');
        const socket = await setup.connect(client, 0);
        const answers = await Promise.all(Array.from({ length: PLANS.trial.requests + 1 }, (_, i) => socket.emitWithAck('say', `${i}`)));
        expect(answers.filter((answer) => 'ok' in answer).length).to.equal(PLANS.trial.requests);
        expect((await client.ask(api(2))).status).to.equal(429);
      });

      it('lets nobody in without a credential', async () => {
        const nobody = setup.client({ kind: 'key', text: 'gw_nobody' });
        const error = await nobody.connect(setup.urls[0]!).catch((error: unknown) => error as Error & { data?: unknown });
        expect(error).to.include({ message: 'This API key is unknown or revoked.' });
      });
    });

    describe('credentials', () => {
      it('are in no log, though somebody puts one where it does not belong', async () => {
        await setup.admin.client.ask(`${setup.urls[0]}/admin/keys/${setup.admin.text}`, { method: 'DELETE' });
        const { text } = await setup.issueToken('bob');
        await setup.admin.client.ask(`${setup.urls[0]}/api/${text}?key=${setup.admin.text}`);
        await waitFor(() => setup.log.some((line) => line.includes('/api/eyJ…')), { what: 'the last request in the log' });
        expect(setup.log.filter((line) => !/^gateway-[abc] {2}[A-Z]+ \S+ \d{3} \d+\.\d ms {2}\S/.test(line))).to.deep.equal([]);
        expect(setup.log.some((line) => line.endsWith(`key ${setup.admin.id} (admin)`))).to.be.true;
        expect(leaks(setup.log.join('\n'), setup.secrets)).to.deep.equal([]);
      });

      if (mode === 'on Redis') {
        it('are in no key, value or message in Redis', async () => {
          const client = new Redis(redis!.url);
          try {
            const stored: string[] = [];
            for (const key of await client.keys('*')) {
              stored.push(`${key} ${(await client.type(key)) === 'string' ? await client.get(key) : (await client.dump(key))?.toString()}`);
            }
            expect(stored.some((entry) => entry.includes('"subject":"bob"'))).to.be.true; // So verdicts have been looked at.
            expect(published.some((message) => message.startsWith('gateway:api-keys-channel'))).to.be.true;
            expect(published.some((message) => message.startsWith('gateway:relay') && message.includes('hello'))).to.be.true;
            expect(leaks([...stored, ...published].join('\n'), setup.secrets)).to.deep.equal([]);
          } finally {
            client.disconnect();
          }
        });

        it('have verdicts that end with them, and after a minute at the latest', async () => {
          const client = new Redis(redis!.url);
          try {
            const { keys } = new Bookkeeping(redis!, 'gateway', 'token-verdicts');
            const generation = await new Bookkeeping(redis!, 'gateway', 'token-verdicts').gen();
            const lifeOf = async (lifeS: number): Promise<number> => {
              const { text, client: bob } = await setup.issueToken('bob', lifeS);
              expect((await bob.ask(api(0))).status).to.equal(200);
              return client.pttl(keys.data(generation, fingerprintOf(text)));
            };
            expect(await lifeOf(30)).to.be.within(1, 30_000);
            expect(await lifeOf(600)).to.be.within(30_001, 60_000);
          } finally {
            client.disconnect();
          }
        });
      }
    });
  });
}

/** The same token in other letters: the last one of a signature has bits that mean nothing. */
function respell(token: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return token.slice(0, -1) + letters[letters.indexOf(token.at(-1)!) ^ 1];
}

/** Which of the secrets a text holds, by the part that makes them secret. */
function leaks(text: string, secrets: readonly string[]): readonly string[] {
  return secrets.filter((secret) => secret.length > 30 && text.includes(secret.slice(-30)));
}
