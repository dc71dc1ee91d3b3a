import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { insteadOf, IOREDIS_OPTIONS, isKnownName, useOf } from '../../lib/redis/ioredis-options.js';

const BUILT = dirname(createRequire(import.meta.url).resolve('ioredis'));

/** The names that the interfaces of a declaration file declare, one in a line, by the interface or type that declares them. */
function declared(file: string, name: string): readonly string[] {
  const text = readFileSync(join(BUILT, file), 'utf8');
  const begin = text.search(new RegExp(`(?:interface|type) ${name}\\b`));
  expect(begin, `${name} in ${file}`).to.be.above(-1);
  const body = text.slice(begin, text.indexOf('\n}', begin));
  return [...body.matchAll(/^ {4}(\w+)\??:/gm)].map(([, each]) => each as string);
}

describe('IOREDIS_OPTIONS', () => {
  it('has every name that ioredis declares, and no other', () => {
    const names = new Set([
      ...declared('redis/RedisOptions.d.ts', 'CommonRedisOptions'),
      ...declared('utils/Commander.d.ts', 'CommanderOptions'),
      ...declared('connectors/SentinelConnector/index.d.ts', 'SentinelConnectionOptions'),
      ...declared('connectors/StandaloneConnector.d.ts', 'StandaloneConnectionOptions'),
      'host', // Picked from Node's types, as are `port`, `family` and `path`.
      'port',
    ]);
    expect([...IOREDIS_OPTIONS].sort()).to.deep.equal([...names].sort());
  });

  it('has every name with a default', () => {
    const client = new Redis({ lazyConnect: true });
    expect(Object.keys(client.options).filter((name) => useOf(name) === undefined)).to.deep.equal([]);
  });
});

describe(insteadOf.name, () => {
  it('knows what to write instead', () => {
    for (const [name, words] of [
      ['keyPrefix', '`namespace` separates applications: it stands before every key and topic.'],
      ['url', "Write the URL itself, `redis: 'redis://…'`."],
      ['socket', 'Write `host`, `port`, `path` and `tls` into `redis` itself.'],
      ['database', 'Write `db`.'],
      ['hots', 'Did you mean `host`?'],
      ['sentinal', 'Did you mean `sentinels`?'],
      ['somethingElse', undefined],
      ['toString', undefined],
    ] as const)
      expect(insteadOf(name), name).to.equal(words);
  });
});

describe(isKnownName.name, () => {
  it('knows the names of ioredis and of other clients', () => {
    expect(['host', 'lazyConnect', 'url', 'hots', 'constructor'].map(isKnownName)).to.deep.equal([true, true, true, false, false]);
  });
});
