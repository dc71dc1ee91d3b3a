/** What becomes of a server, as whoever started it is told. */
export type LifeNotice =
  /** It answers requests at this address. */
  | { readonly kind: 'listening'; readonly url: string }
  /** It ended, and nobody had asked it to. `how`: its exit code, or the signal. */
  | { readonly kind: 'ended'; readonly how: string }
  /** It could not start. */
  | { readonly kind: 'failed'; readonly message: string };
