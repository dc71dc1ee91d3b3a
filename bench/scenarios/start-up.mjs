import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const peers = fileURLToPath(new URL('../', import.meta.url));
const build = process.env.BENCH_BUILD ?? 'build';

/** What a program does that starts each: import it, and make something usable that needs no server. */
const STARTS = {
  'inversify-cache': [
    `import 'reflect-metadata'; import { Container } from 'inversify'; const { enableCaching } = await import('${root}${build}/lib/index.js'); await enableCaching(new Container());`,
    root,
    ['inversify-cache', 'inversify', 'reflect-metadata'],
  ],
  'layered-loader': [
    `const { Loader } = await import('layered-loader'); await import('ioredis'); new Loader({ inMemoryCache: { ttlInMsecs: 1000 }, dataSources: [] });`,
    peers,
    ['layered-loader', 'ioredis'],
  ],
  bentocache: [
    `const { BentoCache, bentostore } = await import('bentocache'); const { memoryDriver } = await import('bentocache/drivers/memory'); await import('bentocache/drivers/redis'); new BentoCache({ default: 'a', stores: { a: bentostore().useL1Layer(memoryDriver({})) } });`,
    peers,
    ['bentocache', 'ioredis'],
  ],
  cacheable: [
    `const { Cacheable } = await import('cacheable'); await import('@keyv/redis'); new Cacheable();`,
    peers,
    ['cacheable', '@keyv/redis'],
  ],
  'cache-manager': [
    `const { createCache } = await import('cache-manager'); await import('@keyv/redis'); createCache();`,
    peers,
    ['cache-manager', '@keyv/redis'],
  ],
  'async-cache-dedupe': [
    `const { createCache } = await import('async-cache-dedupe'); await import('ioredis'); createCache({ ttl: 1, storage: { type: 'memory' } });`,
    peers,
    ['async-cache-dedupe', 'ioredis'],
  ],
  keyv: [`const { Keyv } = await import('keyv'); await import('@keyv/redis'); new Keyv();`, peers, ['keyv', '@keyv/redis']],
};

/** Import and start without a server, and what an installation weighs. Each with its Redis client, which all need in production. */
export async function startUps(median) {
  console.log('\nImport and embedded start');
  const took = Object.fromEntries(Object.keys(STARTS).map((name) => [name, []]));
  const empty = [];
  for (let round = 0; round < 11; round += 1) {
    empty.push(run('', root));
    for (const [name, [code, cwd]] of Object.entries(STARTS)) took[name].push(run(code, cwd));
  }
  const bare = median(empty);
  const rows = Object.entries(STARTS).map(([name, [, cwd, roots]]) => ({ name, ms: median(took[name]) - bare, ...weight(cwd, roots) }));
  for (const { name, ms, packages, megabytes } of rows)
    console.log(`  ${name.padEnd(20)} ${ms.toFixed(0)} ms, ${packages} packages, ${megabytes.toFixed(1)} MB`);
  return [
    '## Import and start without a server; packages installed',
    '',
    `Each with its Redis client imported too. Node itself (${bare.toFixed(0)} ms) is taken off. Packages and megabytes are what its production dependencies take in \`node_modules\`, ours with inversify and reflect-metadata.`,
    '',
    '| | import and start | packages | installed |',
    '| --- | --: | --: | --: |',
    ...rows.map(({ name, ms, packages, megabytes }) => `| ${name} | ${ms.toFixed(0)} ms | ${packages} | ${megabytes.toFixed(1)} MB |`),
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
