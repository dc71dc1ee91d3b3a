import { setTimeout as pause } from 'node:timers/promises';
import { DOWN_AFTER_MS, SentinelDeployment } from '../deployment/sentinel-deployment.js';
import type { DeploymentKind } from './deployment.js';
import { aWhile, type FaultContext, NO_FAULTS, repeated } from './fault-kind.js';

type Context = FaultContext<SentinelDeployment>;

/** Each lasts until the Sentinels have put everything right. */
const FAULTS: DeploymentKind<SentinelDeployment>['faults'] = [
  ...NO_FAULTS,
  repeated('primary killed (kill -9)', async (context: Context) => {
    const { deployment } = context;
    const primary = await deployment.primary();
    await primary.kill();
    await deployment.failedOverFrom(primary);
    await aWhile(context);
    await deployment.revive(primary);
    await deployment.whole();
  }),
  repeated('primary hung (SIGSTOP)', async ({ deployment, random }: Context) => {
    const primary = await deployment.primary();
    primary.pause();
    await pause(random.between(0.5, 4) * DOWN_AFTER_MS); // It wakes up before the Sentinels move, while they do, or after.
    primary.resume();
    await deployment.whole();
  }),
  repeated('graceful failover (SENTINEL FAILOVER)', async ({ deployment }: Context) => {
    const primary = await deployment.primary();
    await deployment.failOver();
    await deployment.failedOverFrom(primary);
    await deployment.whole();
  }),
  repeated('replica promoted, clients still reach the old primary', async (context: Context) => {
    const { deployment, random } = context;
    const primary = await deployment.primary();
    deployment.isolate(primary, random.pick(['cut', 'silent']));
    await deployment.failedOverFrom(primary);
    await aWhile(context);
    deployment.rejoin(primary);
    await deployment.whole();
  }),
];

/** A primary behind Sentinel, and what may happen to it. */
export const SENTINEL: DeploymentKind<SentinelDeployment> = {
  name: 'Sentinel',
  about:
    `A primary, two replicas and three Sentinels. Servers: \`min-replicas-to-write 1\`, \`min-replicas-max-lag 2\`; Sentinels: \`down-after-milliseconds ${DOWN_AFTER_MS}\`.\n` +
    'A run goes on until the old primary is a replica of the new one.',
  faults: FAULTS,
  start: () => SentinelDeployment.start(),
};
