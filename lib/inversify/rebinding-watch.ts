/**
 * Tells who rebinds a part of a container's caching after it was used: methods that were called before keep
 * the old one. inversify deactivates a part that was made when it is rebound, and also at a shutdown; the two
 * are told apart a turn later, when the instance is closing or not.
 */
export class RebindingWatch {
  readonly #isClosing: () => boolean;
  #isUsed = false;

  /** @param isClosing - whether a shutdown has begun. */
  constructor(isClosing: () => boolean) {
    this.#isClosing = isClosing;
  }

  /** The instance has been made: it closes at a shutdown. */
  used(): void {
    this.#isUsed = true;
  }

  /** What is to be done when this part is deactivated. */
  told(part: string): () => void {
    return () =>
      void setImmediate(() => {
        if (!this.#isUsed || this.#isClosing()) return;
        process.emitWarning(
          `${part} was rebound after it had been used. Methods that were called before keep the part that was bound then.`,
          {
            type: 'CacheWarning',
            code: 'CACHE_REBOUND_LATE',
            detail: 'Rebind parts before the first call of a decorated method.',
          },
        );
      });
  }
}
