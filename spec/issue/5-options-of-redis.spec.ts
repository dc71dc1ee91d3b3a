/**
 * What happened: `{ url: 'redis://cache:6379' }` (node-redis' form), `{ socket: { … } }` and a mistyped `hots` were dropped in silence, and
 * the cache went to localhost. `keyPrefix` was dropped too: two tenants who relied on it read each other's values. `port: '6379'` was refused
 * with "got `6379`". `{ name: 'books' }` whose Sentinels came from a variable that was not set went to localhost as well, and so did a `URL`
 * object and a client of node-redis.
 *
 * Decided: each name in `redis` is used or refused by name, with what to write instead. Options of ioredis that only concern ioredis itself
 * are accepted. Of a client, whose options are complete and may be those of another version, only what leads elsewhere than to the primary is
 * refused. A value of a wrong type is told with its type; one that may be a secret by its type alone.
 */
import { inspect } from 'node:util';
import { createClient } from '@keyv/redis';
import { expect } from 'chai';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { createInstance } from '../../lib/instance/cache-instance.js';
import { redisEndpoint } from '../../lib/redis/index.js';
import { cacheErrorIn } from '../contract/rejection.js';

/** Whether it is refused, as an instance would: nothing is connected. */
const refusal = (redis: unknown): string => {
  const error = cacheErrorIn(() => createInstance({ redis: redis as never }));
  expect(error.code).to.equal('CACHE_OPTION_INVALID');
  return error.message;
};

const NAMESPACE = '`namespace` separates applications: it stands before every key and topic.';
const PRIMARY = 'Keys and messages go to the primary, on connections that this library makes.';
const PLACE = 'Write where the server is into `redis` itself. `servername` is the name in the certificate.';
const NO_CONNECTION = 'Expected `redis` to be a URL, the options of ioredis, or a Redis or Cluster client, got';

describe('Issue 5: the option `redis`', () => {
  const sentinels = [{ host: 's1', port: 26_379 }];

  for (const [given, message] of [
    [{ host: 'h', keyPrefix: 'tenant-1:' }, `\`redis.keyPrefix\` is not used here. ${NAMESPACE}`],
    [{ url: 'redis://h' }, "Unknown option `redis.url`. Write the URL itself, `redis: 'redis://…'`."],
    [{ socket: { host: 'h' } }, 'Unknown option `redis.socket`. Write `host`, `port`, `path` and `tls` into `redis` itself.'],
    [{ hots: 'h' }, 'Unknown option `redis.hots`. Did you mean `host`?'],
    [{ host: 'h', pasword: 'secret' }, 'Unknown option `redis.pasword`. Did you mean `password`?'],
    [{ host: 'h', database: 3 }, 'Unknown option `redis.database`. Write `db`.'],
    [{ namespace: 'app' }, 'Unknown option `redis.namespace`. The options of ioredis are known here.'],
    [{ host: 'h', readOnly: true }, `\`redis.readOnly\` is not used here. ${PRIMARY} Leave it out.`],
    [{ Connector: class {} }, `\`redis.Connector\` is not used here. ${PRIMARY} Give \`host\` and \`port\`, \`path\`, or \`sentinels\`.`],
    [{ host: 'h', tls: { port: 1 } }, `\`redis.tls.port\` is not used here. ${PLACE}`],
    [{ host: 'h', path: '/run/redis.sock' }, '`redis.host` beside `redis.path` is not used here. Leave one of the two out.'],
    [
      { sentinels, name: 'books', role: 'slave' },
      "`redis.role` of `'slave'` is not used here. Only the primary is used. Leave it out, or write `'master'`.",
    ],
    [{ sentinels, name: 'books', preferredSlaves: [] }, `\`redis.preferredSlaves\` is not used here. ${PRIMARY} Leave it out.`],
    [
      { sentinels, name: 'books', port: 6379 },
      '`redis.port` beside `redis.sentinels` is not used here. The Sentinels say where the primary is. Leave it out.',
    ],
    [
      { sentinels: undefined, name: 'books' },
      '`redis.name` without `redis.sentinels` is not used here. It is the name of a primary that Sentinels watch.',
    ],
    [{ sentinels: [{ hots: 's' }], name: 'books' }, 'Unknown option `redis.sentinels[].hots`. Known here: host, port, family.'],
  ] as const) {
    it(`refuses ${inspect(given, { breakLength: Infinity })}`, () => {
      expect(refusal(given)).to.equal(message);
    });
  }

  for (const [given, message] of [
    [{ port: '6379' }, "Expected `redis.port` to be an integer from 1 to 65535, got `'6379'` (string)."],
    [{ db: '0' }, "Expected `redis.db` to be a non-negative integer, got `'0'` (string)."],
    [{ family: '6' }, "Expected `redis.family` to be 4, 6 or 0, got `'6'` (string)."],
    [{ host: '' }, "Expected `redis.host` to be the name or address of a host, got `''` (string)."],
    [{ path: '' }, "Expected `redis.path` to be the path of a Unix socket, got `''` (string)."],
    [{ tls: 'yes' }, "Expected `redis.tls` to be an object with the options of Node's `tls.connect`, got a string."],
    [{ username: 5 }, 'Expected `redis.username` to be a string, got a number.'],
    [{ password: 54_321 }, 'Expected `redis.password` to be a string, got a number.'],
    [{ password: ['secret'] }, 'Expected `redis.password` to be a string, got an array.'],
    [{ sentinels: 's1:26379', name: 'books' }, 'Expected `redis.sentinels` to be an array of `{ host, port }`, got a string.'],
    [
      { sentinels: [{ host: 's', port: '26379' }], name: 'books' },
      "Expected `redis.sentinels[].port` to be an integer from 1 to 65535, got `'26379'` (string).",
    ],
    [{ sentinels, name: 'books', sentinelPassword: 5 }, 'Expected `redis.sentinelPassword` to be a string, got a number.'],
    [
      { sentinels, name: 'books', tls: {}, enableTLSForSentinelMode: 'true' },
      "Expected `redis.enableTLSForSentinelMode` to be true or false, got `'true'` (string).",
    ],
  ] as const) {
    it(`tells the type of what is wrong in ${inspect(given, { breakLength: Infinity })}`, () => {
      expect(refusal(given)).to.equal(message);
    });
  }

  it('refuses what would lead to localhost because it is something else', () => {
    expect(refusal(new URL('redis://u:secret@h'))).to.equal(`${NO_CONNECTION} an object of the class URL. Write \`redis: url.href\`.`);
    expect(refusal(Promise.resolve('redis://h'))).to.equal(`${NO_CONNECTION} an object of the class Promise.`);
    expect(refusal(new Map([['host', 'h']]))).to.equal(`${NO_CONNECTION} an object of the class Map.`);
    expect(refusal(createClient({ url: 'redis://h' }))).to.equal(
      `${NO_CONNECTION} a client of another library. Give a URL, or a client of ioredis.`,
    );
    class Settings {
      host = 'h';
    }
    expect(redisEndpoint(new Settings()).label).to.equal('h:6379');
  });

  it('accepts what only concerns ioredis', () => {
    const own: RedisOptions = {
      host: 'h',
      keyPrefix: '',
      role: 'master',
      readOnly: false,
      lazyConnect: true,
      maxRetriesPerRequest: null,
      retryStrategy: () => null,
      connectionName: 'mine',
      enableReadyCheck: false,
    };
    expect(redisEndpoint(own)).to.deep.equal({ host: 'h', port: 6379, db: 0, label: 'h:6379' });
    expect(redisEndpoint({ host: undefined, sentinels: undefined, tls: undefined }).label).to.equal('localhost:6379');
  });

  describe('as a client', () => {
    const client = ({ replyMapping = 'legacy', ...options }: RedisOptions): Redis =>
      new Redis({ lazyConnect: true, replyMapping, ...options });
    const cluster = (options: ConstructorParameters<typeof Cluster>[1]): Cluster =>
      new Cluster([{ host: 'n', port: 7000 }], { lazyConnect: true, ...options });

    it('is refused where it leads elsewhere', () => {
      expect(refusal(client({ keyPrefix: 'tenant-1:' }))).to.equal(`\`redis.keyPrefix\` is not used here. ${NAMESPACE}`);
      expect(refusal(client({ readOnly: true }))).to.equal(`\`redis.readOnly\` is not used here. ${PRIMARY} Leave it out.`);
      expect(refusal(client({ sentinels, name: 'books', role: 'slave' }))).to.include("`redis.role` of `'slave'` is not used here.");
      expect(refusal(cluster({ keyPrefix: 'tenant-1:' }))).to.include(`\`redis.keyPrefix\` is not used here. ${NAMESPACE}`);
      expect(refusal(cluster({ redisOptions: { keyPrefix: 'tenant-1:' } }))).to.equal(
        `\`redis.redisOptions.keyPrefix\` is not used here. ${NAMESPACE}`,
      );
    });

    it('may have options that we do not know: it may be of another version', () => {
      expect(redisEndpoint(client({ host: 'h', fromTheFuture: true } as RedisOptions)).label).to.equal('h:6379');
      createInstance({ redis: client({ sentinels: [...sentinels], name: 'books' }) });
      createInstance({ redis: cluster({ scaleReads: 'slave', redisOptions: { password: 'secret' } }) });
    });
  });

  describe('as a URL', () => {
    it('is read in every form', () => {
      for (const [url, endpoint] of [
        ['redis://h/0/', { host: 'h', port: 6379, db: 0, label: 'h:6379' }],
        ['redis://h/3/', { host: 'h', port: 6379, db: 3, label: 'h:6379' }],
        ['redis://h/', { host: 'h', port: 6379, db: 0, label: 'h:6379' }],
        ['valkey://u:p@h:7000/1', { host: 'h', port: 7000, username: 'u', password: 'p', db: 1, label: 'h:7000' }],
        ['valkeys://h', { host: 'h', port: 6379, db: 0, tls: {}, label: 'h:6379' }],
        ['redis://[::1]:7000?family=6', { host: '::1', port: 7000, family: 6, db: 0, label: '[::1]:7000' }],
        ['redis://h?family=0', { host: 'h', port: 6379, db: 0, label: 'h:6379' }],
        ['unix:///run/redis.sock', { host: 'localhost', port: 6379, path: '/run/redis.sock', db: 0, label: '/run/redis.sock' }],
        [
          'unix://u:p%40ss%2Fw@/run/my%20redis.sock?db=2',
          {
            host: 'localhost',
            port: 6379,
            path: '/run/my redis.sock',
            username: 'u',
            password: 'p@ss/w',
            db: 2,
            label: '/run/my redis.sock',
          },
        ],
        ['unix://:p@/r.sock', { host: 'localhost', port: 6379, path: '/r.sock', password: 'p', db: 0, label: '/r.sock' }],
      ] as const) {
        expect(redisEndpoint(url), url).to.deep.equal(endpoint);
      }
    });

    it('is refused where it cannot be read, and not repeated', () => {
      for (const url of [
        'unix://run/hunter2.sock',
        'unix://hunter2',
        'unix://',
        'unix:///',
        'unix://u:hun/ter2@/run/redis.sock',
        'unix:///ter2@/run/redis.sock',
        'unix://u:hunter2@host/run/redis.sock',
        'unix:///run/redis.sock?db=hunter2',
        'valkeyz://hunter2',
        'redis://hunter2:0x',
        'redis://h/hunter2/',
      ]) {
        const message = refusal(url);
        expect(message, url).to.include('Expected `redis` to be a URL such as');
        expect(message, url).not.to.match(/hunter2|hun|ter2/);
      }
    });

    it('has no parameter that is dropped in silence', () => {
      const form =
        'In a URL it is rediss://user:password@host:port/db, or unix://user:password@/path?db=0. All else needs the options of ioredis.';
      for (const [url, message] of [
        ['redis://h?keyPrefix=tenant-1', `The parameter \`keyPrefix\` of \`redis\` is not used here. ${NAMESPACE}`],
        ['redis://h?password=hunter2', `The parameter \`password\` of \`redis\` is not used here. ${form}`],
        ['redis://h?tls=true', `The parameter \`tls\` of \`redis\` is not used here. ${form}`],
        ['unix:///run/redis.sock?family=6', `The parameter \`family\` of \`redis\` is not used here. ${form}`],
        [
          'redis://h?fmaily=6',
          'Expected the parameters of `redis` to be `db` or `family`, got something else. Did you mean `family`? ' +
            'The text is not repeated here because it may hold a password.',
        ],
        [
          'redis://h?hunter2=1',
          'Expected the parameters of `redis` to be `db` or `family`, got something else. Options of ioredis are known as well. ' +
            'The text is not repeated here because it may hold a password.',
        ],
      ] as const) {
        expect(refusal(url), url).to.equal(message);
      }
      expect(redisEndpoint('redis://h?maxRetriesPerRequest=3').label).to.equal('h:6379');
    });
  });

  it('takes an IPv6 address in brackets, wherever a host is given', () => {
    expect(redisEndpoint({ host: '[::1]', port: 7000 })).to.deep.equal({ host: '::1', port: 7000, db: 0, label: '[::1]:7000' });
    expect(redisEndpoint(new Redis({ host: '[::1]', port: 7000, lazyConnect: true })).host).to.equal('::1');
    expect(refusal({ host: '[h]' })).to.include('Expected `redis.host` to be the name or address of a host');
  });
});
