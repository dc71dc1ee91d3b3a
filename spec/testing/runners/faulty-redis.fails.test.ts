// The output says: Redis at 127.0.0.1:1 could not be reached: connect ECONNREFUSED 127.0.0.1:1. Start the server first
import { describe, it } from 'node:test';
import { faultyRedis } from 'inversify-cache/testing';

describe('a user', () => {
  it('forgot to start Redis', async () => {
    const proxy = await faultyRedis('redis://127.0.0.1:1');
    await proxy.stop();
  });
});
