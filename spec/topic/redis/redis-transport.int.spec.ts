import { RedisTransport } from '../../../lib/topic/redis/index.js';
import { describeTransportContract } from '../../contract/transport-contract.js';
import { ownNamespace, sharedRedis } from '../../support/shared-redis.js';

describe('with Redis', () => {
  let url: string;

  before(async () => {
    ({ url } = await sharedRedis());
  });

  describeTransportContract(
    RedisTransport.name,
    () => new RedisTransport(url),
    () => `${ownNamespace('topic')}:`,
  );
});
