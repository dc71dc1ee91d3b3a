import { expect } from 'chai';
import type { Cluster } from 'ioredis';
import { ChannelTopic, MessageListenerContainer, MessagePublisher } from '../../../lib/topic/index.js';
import { RedisTransport } from '../../../lib/topic/redis/index.js';
import { ClusterDeployment } from '../../deployment/cluster-deployment.js';
import type { RedisServer } from '../../support/redis-server.js';
import { waitFor } from '../../support/wait.js';

describe(`${RedisTransport.name} with a Cluster`, function () {
  this.timeout(180_000);

  let deployment: ClusterDeployment;
  let nodes: readonly RedisServer[];
  let cluster: Cluster;
  let containers: MessageListenerContainer[];
  let seen: string[][];

  before(async () => {
    deployment = await ClusterDeployment.start();
    nodes = deployment.servers;
  });

  after(() => deployment.stop());

  beforeEach(() => {
    cluster = deployment.client();
    seen = [[], [], [], []];
    containers = seen.map((bodies) => {
      const container = new MessageListenerContainer(new RedisTransport(cluster, { pingIntervalMs: 50, socketTimeoutMs: 500 }));
      void container.addMessageListener(({ body }) => void bodies.push(body), ChannelTopic.of('books'));
      return container;
    });
  });

  afterEach(async () => {
    await Promise.all(containers.map((container) => container.stop()));
  });

  const subscribers = (): Promise<number[]> =>
    Promise.all(
      nodes.map(async (node) => (node.pid === undefined ? 0 : ((await node.cli('PUBSUB', 'NUMSUB', 'books')) as [string, number])[1])),
    );

  it('keeps the order of one publisher for subscribers on every node, and leaves the client given alone', async () => {
    await Promise.all(containers.map((container) => container.start()));
    expect((await subscribers()).reduce((sum, count) => sum + count)).to.equal(4);
    const transport = new RedisTransport(cluster);
    const publisher = new MessagePublisher(transport);
    const expected = Array.from({ length: 200 }, (_, i) => `${i}`);
    await Promise.all(expected.map((body) => publisher.publish('books', body)));
    await waitFor(() => seen.every((bodies) => bodies.length === 200), { what: 'every message everywhere' });
    for (const bodies of seen) expect(bodies).to.deep.equal(expected);
    await transport.close();
    expect(cluster.status).to.equal('wait');
  });

  it('tells a loss with the node that dies, and subscribes on one that lives', async () => {
    await Promise.all(containers.map((container) => container.start()));
    const counts = await subscribers();
    const victim = counts.findIndex((count) => count > 0);
    await nodes[victim]!.kill();
    const lost = (): number => containers.filter(({ epoch }) => epoch > 0).length;
    await waitFor(() => lost() === counts[victim] && containers.every(({ isListening }) => isListening), {
      what: 'everybody to be back',
      timeoutMs: 40_000,
    });
    const survivor = nodes.find(({ pid }) => pid !== undefined)!;
    await survivor.cli('PUBLISH', 'books', 'after');
    await waitFor(() => seen.every((bodies) => bodies.includes('after')), { what: 'the message everywhere' });
  });
});
