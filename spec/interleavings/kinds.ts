import { Generation, type TwoTierCacheCollaborators } from '../../lib/cache/index.js';
import { Acknowledgements, ReadLease } from '../../lib/eviction/index.js';

/** The classes that an instance is made of. A mutant is an instance in which one of them lacks a rule. */
export interface Kinds extends Partial<TwoTierCacheCollaborators> {
  readonly Generation: typeof Generation;
  readonly ReadLease: typeof ReadLease;
  readonly Acknowledgements: typeof Acknowledgements;
}

/** The library as it is. */
export const KINDS: Kinds = { Generation, ReadLease, Acknowledgements };
