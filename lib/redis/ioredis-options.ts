import type { RedisOptions } from 'ioredis';
import { didYouMean } from '../errors/index.js';

/**
 * What becomes of an option of ioredis:
 * - `used`: it says where the server is, or how it is entered. Both clients follow it.
 * - `own`: how ioredis itself behaves. It is accepted. Most of these have no effect, because each connection
 *   is used once, has our deadlines, and is replaced by us.
 * - `elsewhere`: with it the two clients would use different servers, or different keys.
 */
type Use = 'used' | 'own' | 'elsewhere';

/** Every option of ioredis. */
const USES = {
  host: 'used',
  port: 'used',
  path: 'used',
  family: 'used',
  db: 'used',
  username: 'used',
  password: 'used',
  tls: 'used',
  sentinels: 'used',
  name: 'used',
  role: 'used',
  sentinelUsername: 'used',
  sentinelPassword: 'used',
  sentinelTLS: 'used',
  enableTLSForSentinelMode: 'used',
  natMap: 'used',
  keyPrefix: 'elsewhere',
  Connector: 'elsewhere',
  readOnly: 'elsewhere',
  preferredSlaves: 'elsewhere',
  autoPipeliningIgnoredCommands: 'own',
  autoResendUnfulfilledCommands: 'own',
  autoResubscribe: 'own',
  blockingTimeout: 'own',
  blockingTimeoutGrace: 'own',
  clientInfoTag: 'own',
  commandQueue: 'own',
  commandTimeout: 'own',
  connectionName: 'own',
  connectTimeout: 'own',
  disableClientInfo: 'own',
  disconnectTimeout: 'own',
  enableAutoPipelining: 'own',
  enableOfflineQueue: 'own',
  enableReadyCheck: 'own',
  failoverDetector: 'own',
  himportFieldsets: 'own',
  keepAlive: 'own',
  lazyConnect: 'own',
  maxLoadingRetryTime: 'own',
  maxRetriesPerRequest: 'own',
  monitor: 'own',
  noDelay: 'own',
  offlineQueue: 'own',
  protocol: 'own',
  reconnectOnError: 'own',
  replyMapping: 'own',
  retryStrategy: 'own',
  scripts: 'own',
  sentinelCommandTimeout: 'own',
  sentinelMaxConnections: 'own',
  sentinelReconnectStrategy: 'own',
  sentinelRetryStrategy: 'own',
  showFriendlyErrorStack: 'own',
  socketTimeout: 'own',
  stringNumbers: 'own',
  updateSentinels: 'own',
} satisfies Record<keyof RedisOptions, Use>;

/** The names of all options of ioredis. */
export const IOREDIS_OPTIONS: readonly string[] = Object.keys(USES);

/** What becomes of the option; `undefined` for a name that ioredis does not know. */
export const useOf = (name: string): Use | undefined => (Object.hasOwn(USES, name) ? USES[name as keyof typeof USES] : undefined);

const NOT_ELSEWHERE = 'Keys and messages go to the primary, on connections that this library makes.';

/** What to write instead of an option that leads elsewhere. */
const INSTEAD_OF: Readonly<Record<string, string>> = {
  keyPrefix: '`namespace` separates applications: it stands before every key and topic.',
  Connector: `${NOT_ELSEWHERE} Give \`host\` and \`port\`, \`path\`, or \`sentinels\`.`,
  readOnly: `${NOT_ELSEWHERE} Leave it out.`,
  preferredSlaves: `${NOT_ELSEWHERE} Leave it out.`,
};

const AS_URL = "Write the URL itself, `redis: 'redis://…'`.";
const AS_CLUSTER = 'For a Redis Cluster, write `redis: new Cluster(…)`.';

/** How the options of other clients are called here. */
const OTHER_CLIENTS: Readonly<Record<string, string>> = {
  url: AS_URL,
  uri: AS_URL,
  connectionString: AS_URL,
  socket: 'Write `host`, `port`, `path` and `tls` into `redis` itself.',
  hostname: 'Write `host`.',
  database: 'Write `db`.',
  user: 'Write `username`.',
  pass: 'Write `password`.',
  ssl: 'Write `tls: {}`.',
  nodes: AS_CLUSTER,
  rootNodes: AS_CLUSTER,
  cluster: AS_CLUSTER,
  credentialsProvider: 'Write the option `credentials` beside `redis`.',
};

/** What to write instead of `name`, which is not used; `undefined` where nothing is known about it. */
export function insteadOf(name: string): string | undefined {
  if (Object.hasOwn(INSTEAD_OF, name)) return INSTEAD_OF[name];
  if (Object.hasOwn(OTHER_CLIENTS, name)) return OTHER_CLIENTS[name];
  const meant = didYouMean(name, IOREDIS_OPTIONS).trim();
  return meant === '' ? undefined : meant;
}

/** Whether the name is known, from ioredis or another client, so that a message may repeat it. */
export const isKnownName = (name: string): boolean => useOf(name) !== undefined || Object.hasOwn(OTHER_CLIENTS, name);
