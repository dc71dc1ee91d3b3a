/**
 * Why a generation ends: another instance began a new one (`remote`), or something may have been missed (`coherence`). `expected`: a reply
 * names the generation that a rumour has named; whoever had something to drop did so then.
 */
export type GenerationCause = 'remote' | 'coherence' | 'expected';

/**
 * Which generation the keys of one cache are written under on one primary. One object, shared by all whom it concerns: the scripts write
 * under it, reads go under it, and the local tier is emptied when it changes.
 *
 * Generations come from replies on the command connection alone ({@link follow}). Anybody can publish a message: what a message names is a
 * *rumour* ({@link doubt}) until a reply has named it too, or has shown that it is wrong ({@link trust}).
 */
export class Generation {
  readonly #listeners: ((cause: GenerationCause) => void)[] = [];
  #current: string | undefined;
  /** Named by a message, and by no reply yet. */
  #rumoured: string | undefined;

  /** @param current - for a tier whose generation never changes. Default: unknown until the first contact. */
  constructor(current?: string) {
    this.#current = current;
  }

  /** `undefined` until the first contact. */
  get current(): string | undefined {
    return this.#current;
  }

  /** Whether a message has named another generation, and no reply has settled it yet: reads then check the generation. */
  get isDoubted(): boolean {
    return this.#rumoured !== undefined;
  }

  /** Has `listener` told of each change and each rumour, in the same turn. */
  onChange(listener: (cause: GenerationCause) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Moves to a newer generation, which a reply of Redis has named. An older one than the present is ignored, unless it is a replacement of
   * what was damaged.
   */
  follow(newer: string, isReplacement = false): void {
    const before = this.#current;
    if (newer === before || (before !== undefined && this.isOlder(newer, before) && !isReplacement)) return;
    const isExpected = newer === this.#rumoured;
    if (isExpected) this.#rumoured = undefined;
    this.#current = newer;
    this.tell(isExpected ? 'expected' : 'coherence');
  }

  /** A message or an echo names a generation that no reply has named. It may be the next one, or a forgery. */
  doubt(generation: string, cause: 'remote' | 'coherence'): void {
    this.#rumoured = generation;
    this.tell(cause);
  }

  /** A reply to what was asked after {@link doubt} is there, and was followed. */
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
