import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const peers = fileURLToPath(new URL('../', import.meta.url));
const build = process.env.BENCH_BUILD ?? 'build';

/** What stands beneath ours, and beneath the program that uses it. */
const FLOOR = 'inversify and reflect-metadata';
const IOREDIS = `await import('ioredis');`;
const KEYV_REDIS = `await import('@keyv/redis');`;
const INVERSIFY = `await import('reflect-metadata'); const { Container } = await import('inversify');`;

/** What a program does to start each without a server, what it imports besides when it has Redis, where from, and which packages it must install. */
const STARTS = {
  'inversify-cache': [
    `${INVERSIFY} const { enableCaching } = await import('${root}${build}/lib/index.js'); await enableCaching(new Container());`,
    `${IOREDIS} ${KEYV_REDIS}`,
    root,
    ['inversify-cache', 'inversify', 'reflect-metadata'],
  ],
  [FLOOR]: [`${INVERSIFY} new Container();`, '', root, ['inversify', 'reflect-metadata']],
  'layered-loader': [
    `const { Loader } = await import('layered-loader'); new Loader({ inMemoryCache: { ttlInMsecs: 1000 }, dataSources: [] });`,
    IOREDIS,
    peers,
    ['layered-loader', 'ioredis'],
  ],
  bentocache: [
    `const { BentoCache, bentostore } = await import('bentocache'); const { memoryDriver } = await import('bentocache/drivers/memory'); new BentoCache({ default: 'a', stores: { a: bentostore().useL1Layer(memoryDriver({})) } });`,
    `await import('bentocache/drivers/redis');`,
    peers,
    ['bentocache', 'ioredis'],
  ],
  cacheable: [`const { Cacheable } = await import('cacheable'); new Cacheable();`, KEYV_REDIS, peers, ['cacheable', '@keyv/redis']],
  'cache-manager': [
    `const { createCache } = await import('cache-manager'); createCache();`,
    KEYV_REDIS,
    peers,
    ['cache-manager', '@keyv/redis'],
  ],
  'async-cache-dedupe': [
    `const { createCache } = await import('async-cache-dedupe'); createCache({ ttl: 1, storage: { type: 'memory' } });`,
    IOREDIS,
    peers,
    ['async-cache-dedupe', 'ioredis'],
  ],
  keyv: [`const { Keyv } = await import('keyv'); new Keyv();`, KEYV_REDIS, peers, ['keyv', '@keyv/redis']],
};

/** Import and start without a server, with and without the Redis client that a program with a server needs; and what an installation weighs. */
export async function startUps(median, facts) {
  console.log('\nImport and embedded start');
  const none = () => Object.fromEntries(Object.keys(STARTS).map((name) => [name, []]));
  const [alone, withRedis] = [none(), none()];
  const empty = [];
  for (let round = 0; round < 11; round += 1) {
    empty.push(run('', root));
    for (const [name, [start, clients, cwd]] of Object.entries(STARTS)) {
      alone[name].push(run(start, cwd));
      if (clients !== '') withRedis[name].push(run(`${clients} ${start}`, cwd));
    }
  }
  const bare = median(empty);
  const ms = (times) => (times.length === 0 ? '' : `${(median(times) - bare).toFixed(0)} ms`);
  const others = Object.keys(STARTS).filter((name) => name !== 'inversify-cache' && name !== FLOOR);
  const weights = Object.fromEntries(Object.entries(STARTS).map(([name, [, , cwd, roots]]) => [name, weight(cwd, roots)]));
  const own = weights['inversify-cache'];
  Object.assign(facts, {
    start: median(alone['inversify-cache']) - bare,
    floor: median(alone[FLOOR]) - bare,
    medianStart: median(others.map((name) => median(alone[name]) - bare)),
    packages: own.packages,
    medianPackages: median(others.map((name) => weights[name].packages)),
    megabytes: own.megabytes,
    medianMegabytes: median(others.map((name) => weights[name].megabytes)),
  });
  const rows = Object.keys(STARTS).map((name) => {
    const { packages, megabytes } = weights[name];
    return [name, ms(alone[name]), ms(withRedis[name]), String(packages), `${megabytes.toFixed(1)} MB`];
  });
  for (const [name, ...figures] of rows) console.log(`  ${name.padEnd(30)} ${figures.join(', ')}`);
  return [
    '## Import and start without a server; packages installed',
    '',
    `Node itself (${bare.toFixed(0)} ms) is taken off. The second figure is of a program that also imports what it needs to reach Redis; ours does so by itself when it is told of a server. Ours holds what every program with inversify pays, the second row. Packages and megabytes are what its production dependencies take in \`node_modules\`, ours with inversify and reflect-metadata, all with the Redis client.`,
    '',
    '| | import and start | with its Redis client | packages | installed |',
    '| --- | --: | --: | --: | --: |',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
    '',
  ].join('\n');
}

function run(code, cwd) {
  const begun = process.hrtime.bigint();
  execFileSync(process.execPath, ['--input-type=module', '-e', `${code}; process.exit(0)`], {
    cwd,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return Number(process.hrtime.bigint() - begun) / 1e6;
}

/** Walks the dependencies as Node resolves them. */
function weight(cwd, roots) {
  const seen = new Map();
  const visit = (name, from) => {
    const folder = name === 'inversify-cache' ? root : find(name, from);
    if (folder === undefined || seen.has(folder)) return;
    seen.set(folder, name === 'inversify-cache' ? size(join(root, build, 'lib')) + size(join(root, 'lib')) : size(folder));
    const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    for (const dependency of Object.keys(dependencies)) visit(dependency, folder);
  };
  for (const name of roots) visit(name, cwd);
  return { packages: seen.size, megabytes: [...seen.values()].reduce((sum, bytes) => sum + bytes, 0) / 1e6 };
}

function find(name, from) {
  for (let folder = from; ; folder = join(folder, '..')) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (folder === join(folder, '..')) return undefined;
  }
}

function size(folder) {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? sum : sum + size(path);
    return entry.isFile() ? sum + statSync(path).size : sum;
  }, 0);
}
