import { expect } from 'chai';
import { redisUrl } from '../../samples/support/redis-url.js';

describe(redisUrl.name, () => {
  for (const [text, host, port] of [
    ['redis://user:pass@redis.example:7000/1', 'redis.example', '7000'],
    ['rediss://redis.example', 'redis.example', ''],
    ['127.0.0.1:7000', '127.0.0.1', '7000'],
    ['localhost:7000', 'localhost', '7000'],
    ['redis.example', 'redis.example', ''],
  ] as const) {
    it(`reads ${text}, as the library does`, () => {
      const { hostname, port: read } = redisUrl(text) as URL;
      expect([hostname, read]).to.deep.equal([host, port]);
    });
  }

  it('knows the path of a Unix socket', () => {
    expect(redisUrl('/run/redis.sock')).to.equal(undefined);
  });
});
