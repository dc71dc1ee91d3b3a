// Which specs run together. `scripts/test.mjs` starts each suite as a mocha process of its own, several side by side.
//
// A spec file that no suite names belongs to OTHERS, which is one process: an instance makes every cache that a
// decorator of its process names, so these files stay together. A new file needs an entry here only if it takes
// long, or starts a second Redis server, a browser or another program. spec/suites.spec.ts fails where such a file
// has no entry, and says what it starts.

/**
 * @typedef {object} Suite
 * @property {string} name
 * @property {readonly string[]} specs - files and folders under spec/, files without their `.spec.ts`.
 * @property {string} [needs] - what it needs beyond one Redis server. `npm run test:quick` leaves the suite out,
 *   and says this.
 * @property {boolean} [isBusy] - whether it works a processor the whole time; the others mostly wait.
 * @property {Readonly<Record<string, string>>} [quickEnv] - how `npm run test:quick` asks for less of it.
 */

/** The suite that needs SPIN and a C compiler. */
export const MODELS = 'the models of the protocol';

/** The suite that needs Prometheus. */
export const MONITORING = 'monitoring';

/** The longest first, as measured: the last to begin should not be the last to end. @type {readonly Suite[]} */
export const SUITES = [
  { name: 'faults', needs: 'the fault suite: worker processes, a Cluster, Sentinels', specs: ['faults/faults.int'] },
  { name: 'the gateway sample', needs: 'processes of the sample', specs: ['samples/gateway-story.int'] },
  {
    name: 'the console',
    needs: 'a browser',
    specs: ['management/console.int', 'management/console-tags.int', 'issue/6-console.int', 'issue/6-console-files.int'],
  },
  {
    name: 'the Book sample',
    needs: 'processes of the sample, a browser',
    specs: ['samples/book-story.int', 'samples/book-serve.int', 'samples/book-page.int'],
  },
  {
    name: MONITORING,
    needs: 'Prometheus, more than one Redis server, processes of the Book sample',
    specs: ['monitoring/alerts.int', 'monitoring/normal-hour.int', 'monitoring/sample.int', 'monitoring/trouble.int'],
  },
  {
    name: 'the samples hello and settings',
    needs: 'processes of the samples',
    specs: ['samples/hello.int', 'samples/settings-story.int', 'samples/settings-serve.int'],
  },
  {
    name: 'inversify 7',
    needs: 'processes of the specs and the samples, on other versions of inversify',
    specs: ['issue/6-inversify-7.int'],
  },
  {
    name: 'bundle, package and set-up',
    needs: 'a bundler, an installation of the package, processes',
    isBusy: true,
    specs: [
      'bundle',
      'docs/bundlers.int',
      'package.int',
      'docs/quick-start.int',
      'browser-setup',
      'server-setup',
      'spin-setup',
      'prometheus-setup',
    ],
  },
  {
    name: 'test runners',
    needs: 'an installation of four test runners, processes',
    isBusy: true,
    specs: ['testing/runners.int'],
  },
  {
    name: 'Redis Cluster',
    needs: 'the servers of a Cluster',
    specs: [
      'deployment/cluster.int',
      'deployment/cluster-acl.int',
      'deployment/cluster-tags.int',
      'deployment/cluster-collections.int',
      'topic/redis/cluster.int',
    ],
  },
  {
    name: 'Sentinel',
    needs: 'Sentinels with their servers',
    specs: ['deployment/sentinel.int', 'deployment/sentinel-tls.int', 'deployment/split-primary.int'],
  },
  { name: 'one server, with long waits', specs: ['deployment/acl.int', 'issue/1-forged-generation.int'] },
  {
    name: 'one server, with short waits',
    specs: [
      'eviction/lag.int',
      'fleet/fleet-watch.int',
      'inversify/many-caches.int',
      'issue/1-refused-heartbeat.int',
      'issue/2-busy-process.int',
      'issue/3-acknowledgements.int',
      'issue/3-moved-address.int',
      'issue/5-unacknowledged.int',
      'samples/gateway-faults.int',
      'samples/gateway-server.int',
    ],
  },
  {
    name: 'the command line and TLS',
    needs: 'processes of the command line, a certificate authority',
    specs: ['cli/main.int', 'cli/command-line.int', 'deployment/tls.int'],
  },
  {
    name: 'several servers or processes',
    needs: 'more than one Redis server, or processes',
    specs: [
      'conformance/10-message-listener-container.int',
      'conformance/table',
      'deployment/server-settings.int',
      'docs/service.int',
      'instance/cache-instance.int',
      'inversify/clients-on-demand',
      'inversify/dynamic-caches.int',
      'inversify/process-end',
      'inversify/process-end.int',
      'issue/3-orderly-shutdown.int',
      'issue/5-operators-log.int',
      'issue/5-ways-to-redis.int',
      'issue/6-lines-of-the-log.int',
      'redis/command-connection.int',
      'support/redis-server.int',
      'testing/contract/node-test',
      'topic/redis/listener-container.int',
      'topic/redis/process-end.int',
    ],
  },
  { name: MODELS, needs: 'spin, a C compiler and two minutes of a processor', isBusy: true, specs: ['model'] },
  { name: 'mutants', needs: 'two minutes of a processor', isBusy: true, specs: ['interleavings/mutants'] },
  {
    name: 'searches',
    isBusy: true,
    quickEnv: { INTERLEAVINGS: '0.1' },
    specs: [
      'interleavings/redis',
      'interleavings/embedded',
      'testing/simulation/fake-redis.int',
      'cache/local/replacement-policy',
      'cache/value/codec-fuzz',
      'eviction/message-fuzz',
      'eviction/eviction-flood.int',
      'fleet/fleet-flood.int',
    ],
  },
  { name: 'types and code blocks', isBusy: true, specs: ['types', 'docs/code-blocks.int', 'docs/docs-project'] },
];

/** Every spec file that no suite names. */
export const OTHERS = 'all other specs';

/**
 * The suites with their files.
 *
 * @param {readonly string[]} files - every spec file, by its path under spec/ and without its ending `.spec.ts` or `.spec.js`.
 * @returns {readonly (Suite & { readonly files: readonly string[] })[]}
 * @throws {Error} where a suite names what is not there, or two suites name the same.
 */
export function suitesOf(files) {
  const left = new Set(files);
  const named = SUITES.map((suite) => ({ ...suite, files: suite.specs.flatMap((spec) => take(spec, suite, files, left)) }));
  const [longest, ...shorter] = named;
  return [longest, { name: OTHERS, specs: [], files: [...left].sort() }, ...shorter];
}

function take(spec, suite, files, left) {
  const found = files.filter((file) => file === spec || file.startsWith(`${spec}/`));
  if (found.length === 0) throw new Error(`scripts/suites.mjs: the suite '${suite.name}' names '${spec}', which is not there.`);
  for (const file of found) if (!left.delete(file)) throw new Error(`scripts/suites.mjs: '${file}' is in two suites.`);
  return found;
}
