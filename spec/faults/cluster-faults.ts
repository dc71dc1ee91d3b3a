import { setTimeout as pause } from 'node:timers/promises';
import { bucketTags, slotOf } from '../../lib/eviction/cluster-slots.js';
import { DEFAULT_CACHING_OPTIONS } from '../../lib/instance/options.js';
import { ClusterDeployment, NODE_TIMEOUT_MS } from '../deployment/cluster-deployment.js';
import type { DeploymentKind } from './deployment.js';
import { aWhile, type FaultContext, NO_FAULTS, repeated } from './fault-kind.js';
import { NAMESPACE } from './worker-protocol.js';

type Context = FaultContext<ClusterDeployment>;

/** Where the workers' entries are. */
const SLOTS = bucketTags(NAMESPACE, DEFAULT_CACHING_OPTIONS.buckets!).map(slotOf);

/** Each lasts until the nodes have put everything right. */
const FAULTS: DeploymentKind<ClusterDeployment>['faults'] = [
  ...NO_FAULTS,
  repeated('primary killed (kill -9)', async (context: Context) => {
    const { deployment, random } = context;
    const slot = random.pick(SLOTS);
    const primary = await deployment.owner(slot);
    await primary.kill();
    await deployment.movedFrom(primary, slot);
    await aWhile(context);
    await deployment.revive(primary);
    await deployment.whole();
  }),
  repeated('primary hung (SIGSTOP)', async ({ deployment, random }: Context) => {
    const primary = await deployment.owner(random.pick(SLOTS));
    primary.pause();
    await pause(random.between(0.5, 3) * NODE_TIMEOUT_MS); // It wakes up before the others replace it, while they do, or after.
    primary.resume();
    await deployment.whole();
  }),
  repeated('graceful failover (CLUSTER FAILOVER)', async ({ deployment, random }: Context) => {
    const slot = random.pick(SLOTS);
    const primary = await deployment.owner(slot);
    await deployment.failOver(primary);
    await deployment.movedFrom(primary, slot);
    await deployment.whole();
  }),
  repeated('replica promoted while the primary hangs (TAKEOVER)', async (context: Context) => {
    const { deployment, random } = context;
    const slot = random.pick(SLOTS);
    const primary = await deployment.owner(slot);
    primary.pause();
    await deployment.failOver(primary, 'takeover');
    await aWhile(context);
    primary.resume(); // It takes itself for the primary until it has heard of the other.
    await deployment.movedFrom(primary, slot);
    await deployment.whole();
  }),
  repeated('slot migration', async (context: Context) => {
    const { deployment, random } = context;
    await deployment.migrate(random.pick(SLOTS), () => aWhile(context));
    await deployment.whole();
  }),
];

/** A Redis Cluster, and what may happen to it. */
export const CLUSTER: DeploymentKind<ClusterDeployment> = {
  name: 'Redis Cluster',
  about:
    `Three primaries with a replica each, \`cluster-node-timeout ${NODE_TIMEOUT_MS}\`, \`cluster-require-full-coverage no\`; ` +
    `${DEFAULT_CACHING_OPTIONS.buckets} buckets. A run goes on until each primary has a replica again.`,
  faults: FAULTS,
  start: () => ClusterDeployment.start(),
};
