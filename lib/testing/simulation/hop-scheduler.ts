/**
 * Decides which of the things on their way arrives next. fast-check's `Scheduler` is one, with an order that
 * it explores and repeats.
 */
export interface HopScheduler {
  /**
   * Puts a hop among those that may be next.
   *
   * @param label - says what it is, for people.
   * @returns settles as `hop` does, once it is this one's turn.
   */
  schedule<T>(hop: Promise<T>, label?: string): Promise<T>;
}
