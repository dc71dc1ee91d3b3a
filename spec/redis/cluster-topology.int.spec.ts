import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { Cluster } from 'ioredis';
import { ClusterTopology, redisEndpoint } from '../../lib/redis/index.js';
import { rejectionOf } from '../contract/rejection.js';
import { freePort } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';

/** What a node says: who has which slots, since which epoch. */
type View = readonly (readonly [from: number, to: number, host: string | null, port: number, epoch: number])[];

/** A node of a cluster that says what it is told to, or nothing at all. Speaks as much RESP2 as it is asked for. */
class ScriptedNode {
  readonly port: number;
  view: View = [];
  isSilent = false;
  asked = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        for (const [, word] of chunk.toString().matchAll(/\b(NODES|SLOTS)\b/gi))
          if (!this.isSilent) socket.write(this.#answer(word as string));
      });
    });
  }

  static async start(): Promise<ScriptedNode> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ScriptedNode(server);
  }

  get connections(): number {
    return this.#sockets.size;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #answer(word: string): string {
    if (word.toUpperCase() === 'NODES') {
      const lines = this.view.map(([, , host, port, epoch]) => `${host}:${port} ${host}:${port}@1 master - 0 0 ${epoch} connected\n`);
      return bulk(lines.join(''));
    }
    this.asked += 1;
    const entries = this.view.map(
      ([from, to, host, port]) =>
        `*3\r\n:${from}\r\n:${to}\r\n*3\r\n${host === null ? '$-1\r\n' : bulk(host)}:${port}\r\n${bulk(`${host}:${port}`)}`,
    );
    return `*${entries.length}\r\n${entries.join('')}`;
  }
}

const bulk = (text: string): string => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;

describe(ClusterTopology.name, () => {
  let nodes: [ScriptedNode, ScriptedNode, ScriptedNode];
  const topologies: ClusterTopology[] = [];

  beforeEach(async () => {
    nodes = [await ScriptedNode.start(), await ScriptedNode.start(), await ScriptedNode.start()];
  });

  afterEach(async () => {
    for (const topology of topologies.splice(0)) topology.close();
    await Promise.all(nodes.map((node) => node.stop()));
  });

  const topologyOf = (
    options: ConstructorParameters<typeof Cluster>[1] = {},
    seeds: readonly number[] = nodes.map(({ port }) => port),
  ): ClusterTopology => {
    const client = new Cluster([...seeds], { lazyConnect: true, ...options });
    const topology = ClusterTopology.of(client, 400) as ClusterTopology;
    topologies.push(topology);
    return topology;
  };
  const tell = (...views: readonly View[]): void => nodes.forEach((node, i) => (node.view = views[i] ?? (views[0] as View)));

  it('finds the primary of a slot', async () => {
    tell([
      [0, 99, '10.0.0.1', 7000, 1],
      [100, 199, '10.0.0.2', 7001, 2],
      [300, 300, '10.0.0.1', 7000, 1],
    ]);
    const topology = topologyOf();
    const found = await Promise.all([0, 99, 100, 300].map((slot) => topology.locate(slot)));
    expect(found.map(({ port }) => port)).to.deep.equal([7000, 7000, 7001, 7000]);
    expect(nodes.map(({ asked }) => asked)).to.deep.equal([1, 1, 1]); // All of them at once.
    expect(((await rejectionOf(topology.locate(200))) as Error).message).to.equal(
      `No primary of the cluster of 127.0.0.1:${nodes[0].port} has slot 200.`,
    );
  });

  it('believes the newest configuration: who was replaced goes on naming itself', async () => {
    const [old, other, promoted] = nodes;
    tell(
      [[0, 9, '127.0.0.1', old.port, 3]],
      [
        [0, 9, '127.0.0.1', old.port, 3],
        [10, 10, '127.0.0.1', other.port, 2],
      ],
      [[0, 9, '127.0.0.1', promoted.port, 7]],
    );
    const topology = topologyOf();
    other.isSilent = true; // So both others are heard.
    expect((await topology.locate(5)).port).to.equal(promoted.port);
  });

  it('needs no more than most of the nodes, and asks the seeds when no primary it knows answers', async () => {
    const [first, second, hung] = nodes;
    const view: View = nodes.map(({ port }, i) => [i, i, '127.0.0.1', port, i]);
    tell(view);
    hung.isSilent = true;
    const topology = topologyOf();
    expect((await topology.locate(2)).port).to.equal(hung.port);
    expect((await topology.locate(1)).port).to.equal(second.port);

    const dead = await freePort();
    tell([[0, 9, '127.0.0.1', dead, 9]]);
    const moved = topologyOf({}, [first.port]);
    expect((await moved.locate(5)).port).to.equal(dead);
    expect((await moved.locate(5)).port).to.equal(dead);
    expect(first.asked).to.be.at.least(4);
  });

  it('takes the address it used for a node that does not know its own, and translates as the client would', async () => {
    const [first] = nodes;
    first.view = [
      [0, 9, null, 7000, 1],
      [10, 10, '10.0.0.1', 7000, 1],
    ];
    const natMap = { '10.0.0.1:7000': { host: 'outside.example', port: 17_000 } };
    const [byMap, byFunction] = [natMap, (key: string) => natMap[key as keyof typeof natMap] ?? null].map((each) =>
      topologyOf({ natMap: each }, [first.port]),
    ) as [ClusterTopology, ClusterTopology];
    expect(await byMap.locate(0)).to.deep.equal({ host: '127.0.0.1', port: 7000 });
    expect(await byMap.locate(10)).to.deep.equal({ host: 'outside.example', port: 17_000 });
    expect(await byFunction.locate(10)).to.deep.equal({ host: 'outside.example', port: 17_000 });
    expect(await byFunction.locate(0)).to.deep.equal({ host: '127.0.0.1', port: 7000 });
  });

  it('says what the first node failed at, when none answers', async () => {
    const port = await freePort();
    const topology = topologyOf({ redisOptions: { password: 's3cret' } }, [port]);
    expect(((await rejectionOf(topology.locate(0))) as Error).message).to.equal(
      `Node 127.0.0.1:${port} of the cluster could not tell which slots are whose: connect ECONNREFUSED 127.0.0.1:${port}.`,
    );
    for (const node of nodes) node.isSilent = true;
    expect(((await rejectionOf(topologyOf().locate(0))) as Error).message).to.equal(
      `Node 127.0.0.1:${nodes[0].port} of the cluster could not tell which slots are whose: no answer within 400 ms.`,
    );
  });

  it('looks again and again until it is closed, and then holds no connection', async () => {
    tell(nodes.map(({ port }, i) => [i, i, '127.0.0.1', port, i] as const));
    const topology = topologyOf();
    let looks = 0;
    const failures: number[] = [];
    topology.watch(
      1,
      async () => {
        looks += 1;
        if (looks === 2 || looks === 3) throw new Error('away');
        await topology.locate(0);
      },
      (attempt) => void failures.push(attempt),
    );
    await waitFor(() => looks > 5, { what: 'several looks' });
    expect(failures).to.deep.equal([1, 2]);
    topology.close();
    await waitFor(() => nodes.every(({ connections }) => connections === 0), { what: 'the connections to be gone' });
  });

  it('tells how a primary is entered, and leaves other connections to others', () => {
    const { host, port, ...endpoint } = topologyOf({ redisOptions: { username: 'u', password: 'p', tls: { servername: 's' } } }).endpoint(
      'x',
    );
    expect([host, port, endpoint]).to.deep.equal(['', 0, { username: 'u', password: 'p', db: 0, tls: { servername: 's' }, label: 'x' }]);
    expect(ClusterTopology.of('redis://h', 400)).to.equal(undefined);
    expect(redisEndpoint('redis://h').host).to.equal('h');
  });
});
