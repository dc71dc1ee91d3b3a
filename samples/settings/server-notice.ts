import type { CacheEventMap } from '../../lib/index.js';
import type { LifeNotice } from '../support/life-notice.js';

/** How a setting came to a server's board. */
export type ArrivedBy = 'saved here' | 'message' | 'reload';

/** What a server tells whoever started it. Times are those of `monotonicMs`, which all servers of a machine share. */
export type SettingsNotice =
  | LifeNotice
  /** It saved a setting: from `committedAtMs` on, the database has it. */
  | { readonly kind: 'saved'; readonly name: string; readonly version: number; readonly committedAtMs: number }
  /** Its board has this version from now on. */
  | { readonly kind: 'arrived'; readonly name: string; readonly version: number; readonly by: ArrivedBy; readonly atMs: number }
  /** One of its caches dropped these keys. */
  | { readonly kind: 'evicted'; readonly cache: string; readonly keys: readonly string[]; readonly atMs: number }
  /** It read the database in vain, and answered with what it had: a value of this age. */
  | { readonly kind: 'servedStale'; readonly name: string; readonly ageMs: number; readonly error: string; readonly atMs: number }
  /** What became of its connections, for people. */
  | { readonly kind: 'connection'; readonly what: keyof CacheEventMap; readonly text: string; readonly atMs: number }
  /** Whether its board is up to date beyond doubt. */
  | { readonly kind: 'live'; readonly isLive: boolean; readonly atMs: number };
