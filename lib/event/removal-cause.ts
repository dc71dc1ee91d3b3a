/**
 * Why an entry left the local tier (the idea and most names are Caffeine's `RemovalCause`).
 * `explicit`: this instance evicted it. `replaced`: a newer value took its place. `expired`: its life ended. `size`: room was needed.
 * `remote`: another instance evicted it. `coherence`: this instance could no longer prove that it was up to date.
 */
export type RemovalCause = 'explicit' | 'replaced' | 'expired' | 'size' | 'remote' | 'coherence';
