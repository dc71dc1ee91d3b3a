import type { RedisOptions } from 'ioredis';
import type { FaultKind } from './fault-kind.js';

/** The nodes of a Redis Cluster and how they are entered: what a client of it is made from. */
export interface ClusterNodes {
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  readonly redisOptions: Pick<RedisOptions, 'username' | 'password'>;
}

/** The servers of one run, which the faults harm. */
export interface Deployment {
  /** How the worker at `place` (0, 1, …) reaches it: as `enableCaching` takes it, or what a client for it is made from. Fit for JSON. */
  redisOf(place: number): RedisOptions | ClusterNodes;
  /** Ends every server, in whatever state it is. */
  stop(): Promise<void>;
}

/** A form of deployment that the library claims to work with, and the faults that it must withstand there. */
export interface DeploymentKind<D extends Deployment = Deployment> {
  /** As in the heading over its table. */
  readonly name: string;
  /** A sentence for the table: which servers there are, and with which settings. */
  readonly about: string;
  /** Each is done to a deployment of its own. */
  readonly faults: readonly FaultKind<D>[];
  /** Resolves once `workers` processes can use it. */
  start(workers: number): Promise<D>;
}
