/**
 * What happened: where passwords expire (tokens of an identity service, a secret that is rotated), the password of `redis` held for the
 * first connection only. After the first loss each attempt to connect was refused, until the process was restarted.
 *
 * Decided: the option `credentials` is asked before each connection of both clients, also to nodes of a cluster, and to the primary behind
 * Sentinels. Its answer wins over `redis`; without a `username` that of `redis` stays. It has `connectTimeout`. A rejection, a wrong answer
 * and silence fail the attempt, which is repeated as any other. No answer is ever told.
 */
import { inspect } from 'node:util';
import { expect } from 'chai';
import type { TwoTierCache } from '../../lib/cache/index.js';
import { CACHE_EVENT_NAMES } from '../../lib/event/index.js';
import { type CacheInstance, createInstance } from '../../lib/instance/cache-instance.js';
import type { CachingOptions } from '../../lib/instance/options.js';
import { cacheErrorIn, cacheErrorOf } from '../contract/rejection.js';
import { ScriptedSentinel } from '../deployment/scripted-sentinel.js';
import { PATIENT } from '../support/patient.js';
import { QuotingServer } from '../support/quoting-server.js';
import type { RedisServer } from '../support/redis-server.js';
import { ownNamespace, sharedRedis } from '../support/shared-redis.js';
import { waitFor } from '../support/wait.js';

type Credentials = NonNullable<CachingOptions['credentials']>;

/** Nothing of these occurs in a text of ours. */
const [FIRST, SECOND, STALE] = ['Zq7x/hxrs3@bxtt3ry', 'Wq8v?mnrs5#kxdd6zu', 'Yq9w:jjrs4&pxgg7ro'];

describe('Issue 5: credentials that expire', () => {
  let server: RedisServer;
  let user: string;
  let told: [name: string, link: string | undefined, event: unknown][];
  const instances: CacheInstance[] = [];

  beforeEach(async () => {
    told = [];
    server = await sharedRedis();
    user = ownNamespace('expiring');
    await server.cli('ACL', 'SETUSER', user, 'on', `>${FIRST}`, '~*', '&*', '+@all');
  });

  afterEach(async () => {
    await Promise.all(instances.splice(0).map((each) => each.stop()));
    await server.cli('ACL', 'DELUSER', user);
  });

  const make = (options: CachingOptions): CacheInstance => {
    const instance = createInstance({ ...PATIENT, namespace: user, bound: '200ms', caches: { book: {} }, ...options });
    instances.push(instance);
    for (const name of CACHE_EVENT_NAMES)
      instance.events.on(name, (event) => void told.push([name, (event as { link?: string }).link, event]));
    return instance;
  };
  const countOf = (name: string, link: string): number => told.filter(([each, of]) => each === name && of === link).length;
  const isUp = (instance: CacheInstance): boolean => instance.manager.health().status === 'up';
  /** Another password, and no connection that entered with the one before. */
  const rotateTo = async (password: string): Promise<void> => {
    await server.cli('ACL', 'SETUSER', user, 'resetpass', `>${password}`);
    await server.cli('CLIENT', 'KILL', 'USER', user);
  };
  const expectNothingTold = (...more: unknown[]): void => {
    const text = inspect([told, more], { depth: 12, showHidden: true, maxStringLength: Infinity });
    for (const secret of [FIRST, SECOND, STALE])
      for (let at = 0; at + 5 <= secret.length; at += 1) expect(text.includes(secret.slice(at, at + 5)), secret).to.equal(false);
  };

  it('are asked for at each connection of both clients, and win over those of the URL', async () => {
    let current = FIRST;
    let asked = 0;
    const credentials: Credentials = async () => ((asked += 1), { username: user, password: current });
    const instance = make({ redis: `redis://nobody:${encodeURIComponent(STALE)}@127.0.0.1:${server.port}`, credentials });
    await instance.start();
    await waitFor(() => isUp(instance), { what: 'the first lease' });
    expect(asked).to.equal(2);

    current = SECOND;
    await rotateTo(SECOND);
    await waitFor(() => countOf('connected', 'command') === 2 && countOf('connected', 'subscriber') === 2, { what: 'both connections' });
    await waitFor(() => isUp(instance), { what: 'the lease' });
    expect(asked).to.equal(4);
    const book = instance.manager.getCache('book') as TwoTierCache;
    await book.evict('Dune', { acks: 'all' });
    expect(await book.getOrLoad('Dune', () => 1)).to.equal(1);
    expect(told.filter(([name]) => name === 'failed')).to.deep.equal([]);
    expectNothingTold();
  });

  it('fail an attempt once they have expired, and are asked for again until they are right', async () => {
    let current = FIRST;
    const instance = make({
      redis: { host: '127.0.0.1', port: server.port, username: user },
      credentials: async () => ({ password: current }),
    });
    await instance.start();
    await rotateTo(SECOND);
    await waitFor(() => ['command', 'subscriber'].every((link) => countOf('failed', link) > 1), { what: 'both connections to be refused' });
    const failures = told.filter(([name]) => name === 'failed').map(([, , event]) => inspect(event));
    expect(failures.every((failure) => failure.includes('WRONGPASS'))).to.equal(true);
    expect(isUp(instance)).to.equal(false);

    current = SECOND;
    await waitFor(() => isUp(instance), { what: 'the instance to be back' });
    expectNothingTold();
  });

  it('reach the primary behind Sentinels, and not the Sentinels', async () => {
    const sentinel = await ScriptedSentinel.start(server.port); // It knows no AUTH.
    try {
      const redis = { sentinels: [{ host: '127.0.0.1', port: sentinel.port }], name: 'books', password: STALE };
      const instance = make({ redis, credentials: async () => ({ username: user, password: FIRST }) });
      await instance.start();
      await waitFor(() => isUp(instance), { what: 'the first lease' });
      await Promise.all(instances.splice(0).map((each) => each.stop()));
    } finally {
      await sentinel.stop();
    }
    expect(told.filter(([name]) => name === 'failed')).to.deep.equal([]);
  });

  describe('that are not given', () => {
    const hint = 'Check the function that you gave as the option `credentials`.';
    const wanted = 'expected `credentials` to resolve with `{ username?: string, password: string }`, got';
    for (const [what, credentials, reason] of [
      ['because it rejects', () => Promise.reject(new Error('No token today.')), '`credentials` rejected (No token today)'],
      [
        'because it throws',
        () => {
          throw new TypeError('x is not a function');
        },
        '`credentials` rejected (x is not a function)',
      ],
      ['because it rejects with nothing', () => Promise.reject(), '`credentials` rejected'],
      ['but a text', async () => STALE, `${wanted} a string`],
      ['but nothing', async () => undefined, `${wanted} undefined`],
      ['but another form', async () => ({ token: STALE }), `${wanted} a password that is undefined`],
      ['but a number', async () => ({ password: 12_345 }), `${wanted} a password that is a number`],
      ['but an empty password', async () => ({ password: '' }), `${wanted} an empty password`],
      ['but a user that is none', async () => ({ username: [STALE], password: STALE }), `${wanted} a username that is an array`],
      ['in time', () => new Promise(() => undefined), '`credentials` gave no answer within 300 ms'],
    ] as const) {
      it(`${what}, end the start with the reason`, async () => {
        const instance = make({
          redis: `redis://:${encodeURIComponent(FIRST)}@127.0.0.1:${server.port}`,
          credentials: credentials as never,
          connectTimeout: '300ms',
        });
        const error = await cacheErrorOf(instance.start());
        expect(error.message).to.equal(`Could not reach Redis at 127.0.0.1:${server.port} within 300 ms (${reason}). ${hint}`);
        expect(error.code).to.equal('CACHE_REMOTE_CONNECT_FAILED');
        for (const link of ['command', 'subscriber'])
          await waitFor(() => told.some(([name, of, event]) => name === 'failed' && of === link && inspect(event).includes(reason)), {
            what: `the failure of the ${link} link`,
          });
        expectNothingTold(error);
      });
    }

    it('come late: the instance joins then', async () => {
      let isReady = false;
      const credentials: Credentials = async () => {
        if (!isReady) throw new Error('not yet');
        return { username: user, password: FIRST };
      };
      const redis = { host: '127.0.0.1', port: server.port };
      const instance = make({ redis, credentials, failFast: false, connectTimeout: '300ms' });
      await instance.start();
      isReady = true;
      await waitFor(() => isUp(instance), { what: 'the instance to join' });
    });

    it('hold up no shutdown', async () => {
      let asked = 0;
      const credentials: Credentials = () =>
        (asked += 1) <= 2 ? Promise.resolve({ username: user, password: FIRST }) : new Promise<never>(() => undefined);
      const instance = make({ redis: { host: '127.0.0.1', port: server.port }, credentials, connectTimeout: '40s' });
      await instance.start();
      await server.cli('CLIENT', 'KILL', 'USER', user);
      await waitFor(() => asked === 4, { what: 'both links to ask again' });
      const begun = performance.now();
      await instance.stop();
      expect(performance.now() - begun, 'waited for an answer').to.be.below(30_000);
    });
  });

  it('are told by nobody: not when the server quotes them, nor when the function quotes an earlier answer', async () => {
    const quoting = await QuotingServer.start((args) =>
      /^(AUTH|HELLO)$/i.test(args[0] as string)
        ? `-ERR ${args.join(' ').slice(0, 200)} is not known here`
        : '-NOAUTH Authentication required.',
    );
    try {
      let asked = 0;
      const credentials: Credentials = async () => {
        asked += 1;
        if (asked % 4 === 0) throw new Error(`cannot renew ${FIRST}`);
        return { username: user, password: asked % 2 === 0 ? FIRST : SECOND };
      };
      const instance = make({ redis: `redis://127.0.0.1:${quoting.port}`, credentials, connectTimeout: '500ms' });
      const error = await cacheErrorOf(instance.start());
      await waitFor(() => asked >= 8, { what: 'eight questions' });
      expect(told.some(([name]) => name === 'failed')).to.equal(true);
      expectNothingTold(error);
      await Promise.all(instances.splice(0).map((each) => each.stop()));
    } finally {
      await quoting.stop();
    }
  });

  it('are refused without Redis, and where they are no function, which is not repeated', () => {
    expect(cacheErrorIn(() => createInstance({ credentials: async () => ({ password: 'x' }) })).message).to.equal(
      '`credentials` is not used without `redis`. Give `redis` too, or leave it out.',
    );
    for (const [given, type] of [
      [{ password: STALE }, 'object'],
      [STALE, 'string'],
    ] as const) {
      const error = cacheErrorIn(() => createInstance({ redis: 'redis://h', credentials: given as never }));
      expect([error.code, error.message]).to.deep.equal([
        'CACHE_OPTION_INVALID',
        `Expected \`credentials\` to be a function, got something else (${type}). It is called before each connection and resolves with \`{ username, password }\`.`,
      ]);
    }
  });
});
