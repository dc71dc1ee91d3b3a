import { expect } from 'chai';
import * as scripts from '../../../lib/eviction/scripts.js';
import { FakeRedis } from '../../../lib/testing/simulation/fake-redis.js';
import { Script } from '../../../lib/redis/index.js';

describe(FakeRedis.name, () => {
  const known = Object.values(scripts).filter((each) => each instanceof Script);

  it('knows every script', () => {
    expect(known.map(({ name }) => name)).to.have.length.greaterThan(9);
    for (const { name } of known) {
      const server = new FakeRedis(() => 0);
      let message = '';
      try {
        server.execute({ kind: 'script', name, keys: ['a', 'b', 'c', 'd', 'e'], args: Array<string>(12).fill('1') });
      } catch (error) {
        message = (error as Error).message;
      }
      expect(message, name).to.not.include('NOSCRIPT');
    }
  });

  it('says so of one that it does not know', () => {
    const unknown = { kind: 'script', name: 'unheard-of', keys: [], args: [] } as const;
    expect(() => new FakeRedis(() => 0).execute(unknown)).to.throw("NOSCRIPT The fake server does not know 'unheard-of'.");
  });
});
