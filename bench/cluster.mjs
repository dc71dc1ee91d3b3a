// `node bench/cluster.mjs`: what one idle instance costs a Redis Cluster of three primaries: connections, scripts, and the servers' time.
const { createInstance } = await import('../build/lib/instance/cache-instance.js');
const { ClusterDeployment } = await import('../build/spec/deployment/cluster-deployment.js');

const SECONDS = 10;
const BUCKETS = [8, 4];
const CACHES = [1, 20];

const deployment = await ClusterDeployment.start();
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
const total = async (ask) => sum(await Promise.all(deployment.servers.map(ask)));

/** Clients of the nodes; a replica's link to its primary is none. */
const connections = () =>
  total(
    async (server) =>
      String(await server.cli('CLIENT', 'LIST', 'TYPE', 'NORMAL'))
        .trim()
        .split('\n').length,
  ).then(async (normal) => {
    const subscribed = await total(
      async (server) => (String(await server.cli('CLIENT', 'LIST', 'TYPE', 'PUBSUB')).match(/^id=/gm) ?? []).length,
    );
    return normal + subscribed - deployment.servers.length; // Each list has the connection that asked for it.
  });

const scripts = async () => {
  const stats = await Promise.all(deployment.servers.map((server) => server.info('commandstats')));
  const read = (field) => sum(stats.map((info) => Number(new RegExp(`${field}=(\\d+)`).exec(info['cmdstat_evalsha'] ?? '')?.[1] ?? 0)));
  return { calls: read('calls'), milliseconds: read('usec') / 1e3 };
};

try {
  const rows = [];
  for (const buckets of BUCKETS) {
    for (const caches of CACHES) {
      const others = await connections();
      const runtime = createInstance({
        redis: deployment.client(),
        namespace: `cost-${buckets}-${caches}`,
        bound: '1s',
        buckets,
        caches: Object.fromEntries(Array.from({ length: caches }, (_, i) => [`cache${i}`, {}])),
      });
      await runtime.start();
      const held = (await connections()) - others;
      const before = await scripts();
      await new Promise((resolve) => setTimeout(resolve, SECONDS * 1_000));
      const after = await scripts();
      rows.push({
        buckets,
        caches,
        connections: held,
        'scripts per second': (after.calls - before.calls) / SECONDS,
        "ms of the servers' time per second": Number(((after.milliseconds - before.milliseconds) / SECONDS).toFixed(1)),
      });
      await runtime.stop();
    }
  }
  console.log(`One instance, bound 1 s and no calls:`);
  console.table(rows);
} finally {
  await deployment.stop();
}
