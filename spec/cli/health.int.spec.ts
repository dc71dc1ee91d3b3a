import { expect } from 'chai';
import { type CacheInstance, createInstance } from '../../lib/instance/cache-instance.js';
import { ChannelTopic, MessageListenerContainer } from '../../lib/topic/index.js';
import { RedisTransport } from '../../lib/topic/redis/index.js';
import { PATIENT } from '../support/patient.js';
import { type CliRun, runCli } from '../support/run-cli.js';
import { ownNamespace, sharedRedis } from '../support/shared-redis.js';

describe('inversify-cache health', () => {
  const instances: CacheInstance[] = [];
  let namespace: string;
  let url: string;

  beforeEach(async () => {
    namespace = ownNamespace('health');
    ({ url } = await sharedRedis());
  });
  afterEach(async () => {
    await Promise.all(instances.splice(0).map((instance) => instance.stop()));
  });

  const join = async (instanceId: string, ...caches: readonly string[]): Promise<CacheInstance> => {
    const named = Object.fromEntries(caches.map((name) => [name, {}]));
    const instance = createInstance({ ...PATIENT, bound: '30s', redis: url, namespace, instanceId, caches: named });
    instances.push(instance);
    await instance.start();
    return instance;
  };
  const health = (...more: readonly string[]): Promise<CliRun> =>
    runCli(['health', '--namespace', namespace, '--redis', url, '--timeout', '20s', ...more]);
  const conditions = async (...more: readonly string[]): Promise<readonly object[]> => {
    const { out } = await health('--json', ...more);
    return out.trim().split('\n').map((line) => JSON.parse(line) as object); // prettier-ignore
  };
  /** Has an instance say what is to be told of it. */
  const say = (instance: CacheInstance, told: { command?: 'down'; caches?: Readonly<Record<string, 'degraded' | 'down'>> }): void => {
    const { manager } = instance;
    const real = manager.health.bind(manager);
    manager.health = () => {
      const { links, caches } = real();
      const unwell = Object.entries(told.caches ?? {}).map(([name, status]) => [name, { status }] as const);
      return {
        status: 'degraded',
        links: { ...links, ...(told.command === undefined ? {} : { command: told.command }) },
        caches: { ...caches, ...Object.fromEntries(unwell) },
      };
    };
  };

  it('ends with 0 when all instances are up', async () => {
    await join('one', 'book');
    expect(await health()).to.deep.equal({ code: 0, out: '1 of 1 instance is up.\n', err: '' });
    await join('two', 'book');
    expect(await health()).to.deep.equal({ code: 0, out: '2 of 2 instances are up.\n', err: '' });
    expect(await conditions()).to.deep.equal(['one', 'two'].map((id) => ({ id, status: 'up', reasons: [] })));
  });

  it('ends with 1 when no instance answers', async () => {
    const told =
      `There is no instance of namespace '${namespace}': nobody listens on '${namespace}:fleet:ask' at ${url.replace('redis://', '')}. ` +
      'Check --namespace, and the server and database of --redis.\n';
    expect(await health()).to.deep.equal({ code: 1, out: '', err: told });
    const other = await health('--redis', `${url}/3`);
    expect(other).to.deep.equal({ code: 1, out: '', err: told.replace(':ask', ':ask@3') });
  });

  it('ends with 1 when those that listen do not answer in time', async () => {
    const listeners = new MessageListenerContainer(new RedisTransport(url));
    await listeners.addMessageListener(() => undefined, ChannelTopic.of(`${namespace}:fleet:ask`));
    await listeners.start();
    const { code, out, err } = await health('--timeout', '300ms');
    await listeners.stop();
    expect({ code, out, err }).to.deep.equal({
      code: 1,
      out: '',
      err: `No instance of namespace '${namespace}' answered within 300 ms.\n`,
    });
  });

  it('ends with 1 when Redis cannot be reached', async () => {
    const { code, out, err } = await runCli(['health', '--redis', 'redis://127.0.0.1:1', '--timeout', '300ms']);
    expect([code, out]).to.deep.equal([1, '']);
    expect(err).to.match(/^CACHE_REMOTE_CONNECT_FAILED: Redis at 127\.0\.0\.1:1 could not be reached: /);
  });

  it('ends with 1 when the user may not ask, and says so without a stack', async () => {
    const server = await sharedRedis();
    await server.cli('ACL', 'SETUSER', namespace, 'reset', 'on', '>secret', '~*', '+@all', 'resetchannels');
    const redis = url.replace('redis://', `redis://${namespace}:secret@`);
    const { code, out, err } = await runCli(['health', '--namespace', namespace, '--redis', redis, '--timeout', '20s']);
    await server.cli('ACL', 'DELUSER', namespace);
    expect([code, out]).to.deep.equal([1, '']);
    expect(err).to.match(/^TOPIC_PUBLISH_FAILED: A message could not be published on '.*:fleet:ask' at .*: NOPERM .*\n$/);
  });

  it('ends with 1 when one is not up, and says which and why', async () => {
    await join('one', 'book');
    say(await join('two', 'book', 'author'), { command: 'down', caches: { book: 'degraded', author: 'down' } });
    const reasons = ['its command link is down', 'evictions of book are not acknowledged', 'author is stopped'];
    expect(await health()).to.deep.equal({
      code: 1,
      out: `two is degraded: ${reasons.join('; ')}\n1 of 2 instances are up.\n`,
      err: '',
    });
    expect(await conditions()).to.deep.equal([
      { id: 'one', status: 'up', reasons: [] },
      { id: 'two', status: 'degraded', reasons },
    ]);
  });

  it('says that an instance which gives no reason gives none', async () => {
    say(await join('one', 'book'), {});
    expect(await health()).to.deep.include({ code: 1, out: 'one is degraded: it does not say why\n0 of 1 instance is up.\n' });
  });

  it('looks at the named caches only, and at the instances that have them', async () => {
    say(await join('one', 'book', 'author'), { caches: { author: 'degraded' } });
    await join('two', 'book');
    expect(await health('--cache', 'book')).to.deep.equal({ code: 0, out: '2 of 2 instances are up.\n', err: '' });
    const author = await health('--cache', 'author');
    expect(author).to.deep.equal({
      code: 1,
      out: 'one is degraded: evictions of author are not acknowledged\n0 of 1 instance is up.\n',
      err: '',
    });
    expect(await health('--cache', 'nosuch')).to.deep.equal({
      code: 1,
      out: '',
      err: `No instance of namespace '${namespace}' has a cache 'nosuch'; they have author, book.\n`,
    });
  });
});
