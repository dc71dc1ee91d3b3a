/**
 * Why a generation ends, or is in doubt:
 * - `remote`: another instance began a new one.
 * - `coherence`: messages may have been missed.
 * - `expected`: a reply names the generation that a rumour named before. Listeners dropped their entries when
 *   they were told of the rumour, so they need not do it again.
 */
export type GenerationCause = 'remote' | 'coherence' | 'expected';

/**
 * The generation under which the keys of one cache are written on one primary. One object is shared by all
 * its users: scripts write under it, reads use it, and a change of it empties the local tier.
 *
 * Only replies on the command connection can set a generation ({@link follow}). A message cannot, because
 * anybody can publish one. A generation that is named by a message is a *rumour* ({@link doubt}) until a
 * reply confirms it or shows that it is wrong ({@link trust}).
 */
export class Generation {
  readonly #listeners: ((cause: GenerationCause) => void)[] = [];
  #current: string | undefined;
  /** A generation that a message has named, but no reply yet. */
  #rumoured: string | undefined;

  /** @param current - for a tier whose generation never changes. Default: unknown until the first contact. */
  constructor(current?: string) {
    this.#current = current;
  }

  /** `undefined` until the first contact. */
  get current(): string | undefined {
    return this.#current;
  }

  /**
   * Whether a message has named another generation, and no reply has settled this yet. While it is so, reads
   * check the generation.
   */
  get isDoubted(): boolean {
    return this.#rumoured !== undefined;
  }

  /** Calls `listener` for each change and each rumour, in the same turn of the event loop. */
  onChange(listener: (cause: GenerationCause) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Moves to a newer generation, which a reply of Redis has named. An older generation is ignored, unless it
   * replaces a damaged one.
   */
  follow(newer: string, isReplacement = false): void {
    const before = this.#current;
    if (newer === before || (before !== undefined && this.isOlder(newer, before) && !isReplacement)) return;
    const isExpected = newer === this.#rumoured;
    if (isExpected) this.#rumoured = undefined;
    this.#current = newer;
    this.tell(isExpected ? 'expected' : 'coherence');
  }

  /**
   * A message or an echo names a generation that no reply has named. It may be the next one, or a forgery.
   */
  doubt(generation: string, cause: 'remote' | 'coherence'): void {
    this.#rumoured = generation;
    this.tell(cause);
  }

  /** Ends the doubt: the request that followed {@link doubt} was answered, and its reply was followed. */
  trust(): void {
    this.#rumoured = undefined;
  }

  protected isOlder(one: string, other: string): boolean {
    return Number(one) < Number(other);
  }

  protected tell(cause: GenerationCause): void {
    for (const listener of this.#listeners) listener(cause);
  }
}
