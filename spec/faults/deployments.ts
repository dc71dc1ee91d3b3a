import type { DeploymentKind } from './deployment.js';
import { CLUSTER } from './cluster-faults.js';
import { SENTINEL } from './sentinel-faults.js';
import { SINGLE_SERVER } from './single-server-faults.js';

/** Every form of deployment the library claims to work with. */
export const DEPLOYMENTS: readonly DeploymentKind[] = [SINGLE_SERVER, SENTINEL, CLUSTER];
