import { inspect } from 'node:util';
import { expect } from 'chai';
import { CacheConfigurationError } from '../../lib/errors/index.js';
import { redisOptionsFromEnv } from '../../lib/redis/index.js';

describe(redisOptionsFromEnv.name, () => {
  it('finds no Redis without REDIS_URL and REDIS_HOST', () => {
    expect(redisOptionsFromEnv({})).to.equal(undefined);
    expect(redisOptionsFromEnv({ REDIS_URL: '', REDIS_HOST: ' ', REDIS_PORT: '7000', REDIS_PASSWORD: 'x' })).to.equal(undefined);
  });

  it('prefers REDIS_URL', () => {
    expect(redisOptionsFromEnv({ REDIS_URL: ' rediss://:secret@h:7000/1 ', REDIS_HOST: 'other', REDIS_PORT: 'wrong' })).to.equal(
      'rediss://:secret@h:7000/1',
    );
  });

  it('takes every form of a URL', () => {
    for (const REDIS_URL of ['redis://h/0/', 'valkey://h', 'valkeys://u:p@h:7000', 'unix:///run/redis.sock?db=1', '/run/redis.sock'])
      expect(redisOptionsFromEnv({ REDIS_URL })).to.equal(REDIS_URL);
  });

  it('refuses a parameter of the URL by its name', () => {
    expect(() => redisOptionsFromEnv({ REDIS_URL: 'redis://h?keyPrefix=app' })).to.throw(
      CacheConfigurationError,
      'The parameter `keyPrefix` of the environment variable REDIS_URL is not used here. `namespace` separates applications: it stands before every key and topic.',
    );
  });

  it('reads REDIS_HOST with its companions', () => {
    expect(redisOptionsFromEnv({ REDIS_HOST: 'h' })).to.deep.equal({ host: 'h', port: 6379, db: 0 });
    const env = { REDIS_HOST: 'h', REDIS_PORT: '7000', REDIS_USERNAME: 'bob', REDIS_PASSWORD: 'p', REDIS_DB: '3', REDIS_TLS: 'true' };
    expect(redisOptionsFromEnv(env)).to.deep.equal({ host: 'h', port: 7000, username: 'bob', password: 'p', db: 3, tls: {} });
  });

  it('reads REDIS_TLS as people write it', () => {
    for (const [text, isOn] of [
      ['true', true],
      ['1', true],
      ['YES', true],
      ['on', true],
      ['false', false],
      ['0', false],
      ['no', false],
      ['off', false],
      ['', false],
    ] as const) {
      expect(redisOptionsFromEnv({ REDIS_HOST: 'h', REDIS_TLS: text }), text).to.deep.equal({
        host: 'h',
        port: 6379,
        db: 0,
        ...(isOn ? { tls: {} } : {}),
      });
    }
  });

  it('reads process.env when given nothing', () => {
    const before = process.env['REDIS_URL'];
    try {
      process.env['REDIS_URL'] = 'redis://from-env:7000';
      expect(redisOptionsFromEnv()).to.equal('redis://from-env:7000');
    } finally {
      if (before === undefined) delete process.env['REDIS_URL'];
      else process.env['REDIS_URL'] = before;
    }
  });

  it('refuses what is no host, and does not repeat it', () => {
    const words =
      'Expected the environment variable REDIS_HOST to be the name or address of a host, got something else. A URL belongs in REDIS_URL, ' +
      'a port in REDIS_PORT. The text is not repeated here because it may hold a password.';
    for (const REDIS_HOST of ['redis://u:hunter2@h', 'redis://h', 'u:hunter2@h', 'hunter2@h', 'h/hunter2', 'h:6379', 'h hunter2', 'h%41'])
      expect(() => redisOptionsFromEnv({ REDIS_HOST }), REDIS_HOST).to.throw(CacheConfigurationError, words);
    for (const REDIS_HOST of ['::1', '[::1]']) expect(redisOptionsFromEnv({ REDIS_HOST })).to.deep.include({ host: '::1' });
  });

  it('repeats no URL that stands in another variable', () => {
    for (const name of ['REDIS_HOST', 'REDIS_PORT', 'REDIS_DB', 'REDIS_TLS', 'REDIS_URL'])
      for (const url of ['redis://u:hunter2@h', 'redis://u:hun/t@er2@h', 'redis://u:hunter2#@h', 'u:hunter2@h:6379', 'http://u:hunter2@h'])
        for (const env of [{ [name]: url }, { REDIS_HOST: 'h', [name]: url }]) {
          let text = '';
          try {
            redisOptionsFromEnv(env);
          } catch (error) {
            text = inspect(error);
          }
          if (name !== 'REDIS_URL' && 'REDIS_HOST' in env) expect(text, name).to.include(name);
          expect(text, name).not.to.match(/hun|er2/);
        }
  });

  it('names the variable that is wrong, and repeats no password', () => {
    for (const [env, message] of [
      [
        { REDIS_HOST: 'h', REDIS_PORT: '65536' },
        'Expected the environment variable REDIS_PORT to be an integer from 1 to 65535, got `65536`.',
      ],
      [
        { REDIS_HOST: 'h', REDIS_PORT: '6379x' },
        'Expected the environment variable REDIS_PORT to be an integer from 1 to 65535, got `6379x`.',
      ],
      [{ REDIS_HOST: 'h', REDIS_DB: '-1' }, 'Expected the environment variable REDIS_DB to be a non-negative integer, got `-1`.'],
      [{ REDIS_HOST: 'h', REDIS_TLS: 'maybe' }, 'Expected the environment variable REDIS_TLS to be `true` or `false`, got `maybe`.'],
      [
        { REDIS_URL: 'http://:hunter2@h' },
        'Expected the environment variable REDIS_URL to be a URL such as redis://user:password@host:6379/0 or rediss://host, got something else. ' +
          'Percent-encode special characters of the password. The text is not repeated here because it may hold one.',
      ],
    ] as const) {
      let error: unknown;
      try {
        redisOptionsFromEnv(env);
      } catch (caught) {
        error = caught;
      }
      expect(error).to.be.instanceOf(CacheConfigurationError);
      expect([(error as Error).message, (error as Error).cause]).to.deep.equal([message, undefined]);
    }
  });
});
