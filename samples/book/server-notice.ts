import type { LifeNotice } from '../support/life-notice.js';

/** What a server tells whoever started it. Times are those of `monotonicMs`, which all servers of a machine share. */
export type ServerNotice =
  | LifeNotice
  /** It saved a book. `acknowledgedAtMs`: from then on no server may serve an older one. */
  | {
      readonly kind: 'updated';
      readonly name: string;
      readonly version: number;
      readonly committedAtMs: number;
      readonly acknowledgedAtMs: number;
    }
  /** It renamed an author. `acknowledgedAtMs`: from then on no server may serve the old name. */
  | {
      readonly kind: 'renamed';
      readonly authorId: number;
      readonly name: string;
      readonly committedAtMs: number;
      readonly acknowledgedAtMs: number;
    }
  /** A message took what carries these tags out of one of its caches. */
  | { readonly kind: 'tagsEvicted'; readonly cache: string; readonly tags: readonly string[]; readonly atMs: number }
  /** A message from `book-channel` took these keys out of its cache. `origin` is the instance that published it. */
  | { readonly kind: 'evicted'; readonly keys: readonly string[]; readonly origin: string; readonly atMs: number }
  /** Somebody pressed a button on its page: the links and the readers are with whoever started it. */
  | { readonly kind: 'asked'; readonly ask: Ask };

/** What the buttons of the page ask for. */
export type Ask =
  { readonly what: 'link'; readonly server: string; readonly isPaused: boolean } | { readonly what: 'readers'; readonly isOn: boolean };
