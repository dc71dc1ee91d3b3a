import { inspect } from 'node:util';
import { expect } from 'chai';
import { Cluster, Redis } from 'ioredis';
import { CacheConfigurationError } from '../../lib/errors/index.js';
import { RedisTransport } from '../../lib/topic/redis/index.js';
import { redisEndpoint, redisLabel, SentinelGroup } from '../../lib/redis/index.js';

const NOT_A_URL =
  'Expected `redis` to be a URL such as redis://user:password@host:6379/0 or rediss://host, got something else. ' +
  'Percent-encode special characters of the password. The text is not repeated here because it may hold one.';

describe(redisEndpoint.name, () => {
  it('reads URLs', () => {
    expect(redisEndpoint('redis://cache.example')).to.deep.equal({ host: 'cache.example', port: 6379, db: 0, label: 'cache.example:6379' });
    expect(redisEndpoint('redis://bob:p%40ss%2Fw@10.0.0.1:7000/3')).to.deep.equal({
      host: '10.0.0.1',
      port: 7000,
      username: 'bob',
      password: 'p@ss/w',
      db: 3,
      label: '10.0.0.1:7000',
    });
    expect(redisEndpoint('redis://:only@host')).to.deep.equal({ host: 'host', port: 6379, password: 'only', db: 0, label: 'host:6379' });
    expect(redisEndpoint('rediss://host')).to.deep.equal({ host: 'host', port: 6379, db: 0, tls: {}, label: 'host:6379' });
    expect(redisEndpoint('redis://host?db=2&family=6')).to.deep.equal({ host: 'host', port: 6379, family: 6, db: 2, label: 'host:6379' });
    expect(redisEndpoint('redis://[::1]:7000')).to.deep.equal({ host: '::1', port: 7000, db: 0, label: '[::1]:7000' });
    expect(redisEndpoint('localhost:7000')).to.deep.equal({ host: 'localhost', port: 7000, db: 0, label: 'localhost:7000' });
  });

  it('reads the path of a Unix socket', () => {
    expect(redisEndpoint('/run/redis.sock')).to.deep.equal({
      host: 'localhost',
      port: 6379,
      path: '/run/redis.sock',
      db: 0,
      label: '/run/redis.sock',
    });
  });

  it('reads options of ioredis', () => {
    expect(redisEndpoint({})).to.deep.equal({ host: 'localhost', port: 6379, db: 0, label: 'localhost:6379' });
    const tls = { servername: 'cache.example' };
    expect(redisEndpoint({ host: 'h', port: 1, username: 'u', password: 'p', db: 4, tls })).to.deep.equal({
      host: 'h',
      port: 1,
      username: 'u',
      password: 'p',
      db: 4,
      tls,
      label: 'h:1',
    });
  });

  it('reads a client and leaves it alone', () => {
    const redis = new Redis('redis://bob:secret@h:7000/2', { lazyConnect: true });
    expect(redisEndpoint(redis)).to.deep.equal({ host: 'h', port: 7000, username: 'bob', password: 'secret', db: 2, label: 'h:7000' });
    expect(redis.status).to.equal('wait');
  });

  it('refuses what is no URL and does not repeat it', () => {
    for (const wrong of [
      'redis://user:hunter2@',
      'http://:hunter2@host',
      'redis://:hunter2%zz@host',
      'redis://:hunter2@host/x',
      'redis://:hunter2@host?family=5',
      // A password with one of these signs ends the address too early: what comes before it looks like a port.
      'redis://user:hunter2/7@host',
      'redis://user:6379/hunter2@host',
      'redis://user:6379#hunter2@host',
      'redis://user:6379?hunter2@host',
      'redis://hunter2/7@host:6379/0',
      'redis://hunter2#7@host:6379/0',
      'redis://hunter2?db=1&x@host:6379/0',
      'redis://user%3Ahunter2%40host',
      'redis://user:hun@ter2/@host',
      'user:6379#hunter2@host',
    ]) {
      const error = thrown(() => redisEndpoint(wrong));
      expect([error.message, error.code, error.cause], wrong).to.deep.equal([NOT_A_URL, 'CACHE_OPTION_INVALID', undefined]);
    }
  });

  it('says that the port is wrong, and does not repeat it: it may be a password without its host', () => {
    const told =
      'Expected `redis` to be a URL with a port from 1 to 65535, got something else. The port is another one. ' +
      'The text is not repeated here because it may hold a password.';
    for (const wrong of [
      'redis://localhost:70000',
      'redis://:hunter2@host:99999',
      'rediss://[::1]:65536/3?family=6',
      'valkey://host:0',
      'host:70000/',
      'redis://hunter2:123456',
      'redis://hunter2:0',
    ]) {
      const error = thrown(() => redisEndpoint(wrong));
      expect([error.message, error.code, error.cause], wrong).to.deep.equal([told, 'CACHE_OPTION_INVALID', undefined]);
    }
    for (const wrong of ['http://host:70000', 'redis://user:70000/hunter2@host', 'redis://user:70000#hunter2@host', 'redis://host:7x'])
      expect(thrown(() => redisEndpoint(wrong)).message, wrong).to.equal(NOT_A_URL);
  });

  it('refuses wrong options and names them', () => {
    for (const [wrong, message] of [
      [undefined, 'Expected `redis` to be a URL, the options of ioredis, or a Redis or Cluster client, got undefined.'],
      [null, 'Expected `redis` to be a URL, the options of ioredis, or a Redis or Cluster client, got null.'],
      ['', 'Expected `redis` to be a URL, the options of ioredis, or a Redis or Cluster client, got an empty string.'],
      [6379, 'Expected `redis` to be a URL, the options of ioredis, or a Redis or Cluster client, got a number.'],
      [{ port: 0 }, 'Expected `redis.port` to be an integer from 1 to 65535, got `0` (number).'],
      [{ port: '6379' }, "Expected `redis.port` to be an integer from 1 to 65535, got `'6379'` (string)."],
      [{ db: -1 }, 'Expected `redis.db` to be a non-negative integer, got `-1` (number).'],
      [{ host: 7 }, 'Expected `redis.host` to be a string, got `7` (number).'],
      [{ path: 7 }, 'Expected `redis.path` to be the path of a Unix socket, got `7` (number).'],
      [{ sentinels: [{ host: 's' }], name: 'm' }, 'Expected `redis` to lead to one server, got Sentinel options.'],
    ] as const) {
      expect(thrown(() => redisEndpoint(wrong as never)).message).to.equal(message);
    }
  });

  it('refuses what is no host, wherever one is given, and does not repeat it', () => {
    const cluster = (node: object | string): Cluster => new Cluster([node], { lazyConnect: true });
    for (const host of [
      'redis://u:hunter2@h',
      'u:hunter2@h',
      'hunter2@h',
      'h/hunter2',
      'h#hunter2',
      'h?hunter2',
      'h hunter2',
      'h%20hunter2',
      'h:6379',
      'h\\hunter2',
      'h\nhunter2',
      "h'hunter2",
    ]) {
      for (const redis of [
        { host },
        { sentinels: [{ host }], name: 'm' },
        new Redis({ host, lazyConnect: true }),
        cluster({ host, port: 1 }),
      ]) {
        const error = thrown(() => redisLabel(redis));
        expect(error.message, host).to.match(/^Expected `redis\.\S+` to be the name or address of a host, got something else\./);
        expect([inspect(error).includes('hunter2'), error.cause]).to.deep.equal([false, undefined]);
      }
    }
    const error = thrown(() => redisEndpoint({ path: 'redis://u:hunter2@h' }));
    expect([error.code, inspect(error).includes('hunter2')]).to.deep.equal(['CACHE_OPTION_INVALID', false]);
  });

  it('takes every name and address of a host', () => {
    for (const host of ['h', 'my_host-2.example.com.', '10.0.0.1', '::1', 'fe80::1%eth0', 'bücher.example', '書.jp'])
      expect(redisEndpoint({ host }).host).to.equal(host);
    expect(redisEndpoint('redis://[fe80::1]:7000').label).to.equal('[fe80::1]:7000');
  });

  it('does not repeat credentials from other options', () => {
    const url = 'redis://u:hun/ter2@h';
    for (const redis of [{ port: url }, { db: url }, { sentinels: [{ host: 's' }], name: [url] }]) {
      const text = inspect(thrown(() => SentinelGroup.of(redis as never, 1) ?? redisEndpoint(redis as never)));
      expect(text).not.to.match(/hun|ter2/);
    }
  });

  it('refuses a Cluster', () => {
    const cluster = new Cluster([{ host: 'n', port: 7000 }], { lazyConnect: true });
    expect(thrown(() => redisEndpoint(cluster)).message).to.equal('Expected `redis` to lead to one server, got a Cluster client.');
  });
});

describe(redisLabel.name, () => {
  it('names the server without a credential', () => {
    expect(redisLabel('redis://bob:secret@h:7000/2')).to.equal('h:7000');
    expect(redisLabel({ sentinels: [{ host: 's', port: 26380 }], name: 'mymaster', password: 'secret' })).to.equal(
      'mymaster of sentinel s:26380',
    );
    expect(redisLabel(new Cluster([{ host: 'n', port: 7000 }], { lazyConnect: true }))).to.equal('cluster of n:7000');
    expect(redisLabel(new Cluster(['redis://:secret@n:7001'], { lazyConnect: true }))).to.equal('cluster of n:7001');
    expect(redisLabel(new Cluster([7002], { lazyConnect: true }))).to.equal('cluster of 127.0.0.1:7002');
  });
});

describe(RedisTransport.name, () => {
  it('refuses wrong options at construction', () => {
    for (const [options, message] of [
      [{ connectTimeoutMs: 0 }, 'Expected `connectTimeoutMs` to be a positive integer, got `0`.'],
      [{ socketTimeoutMs: 1.5 }, 'Expected `socketTimeoutMs` to be a positive integer, got `1.5`.'],
      [{ pingIntervalMs: -1 }, 'Expected `pingIntervalMs` to be a positive integer, got `-1`.'],
      [{ socketTimeoutMs: 500 }, 'Expected `socketTimeoutMs` to be greater than `pingIntervalMs` (500), got `500`.'],
      [{ connectionName: 'a b' }, 'Expected `connectionName` to be printable ASCII without blanks, got `a b`.'],
    ] as const) {
      expect(thrown(() => new RedisTransport('redis://h', options)).message).to.equal(message);
    }
  });

  it('opens nothing at construction, names its endpoint, and can be closed unused', async () => {
    const transport = new RedisTransport('redis://:secret@h:1');
    expect(transport.endpoint).to.equal('h:1');
    await transport.close();
  });
});

function thrown(action: () => unknown): CacheConfigurationError {
  try {
    action();
  } catch (error) {
    if (error instanceof CacheConfigurationError) return error;
    throw error;
  }
  throw new Error('Expected an error.');
}
