/**
 * Told when messages can be trusted to arrive and when they no longer can. Spring's `SubscriptionListener`, with a loss added: whoever
 * must know that no message was missed needs both edges.
 */
export interface SubscriptionListener {
  /**
   * The server confirmed the subscription of `topics`: what is published from now on arrives, for as long as `epoch` lasts. Told at the
   * first subscription, after every recovery and when topics are added. A message that reached this process in the same packet as the
   * confirmation may have been delivered just before this call.
   *
   * @param epoch - the {@link MessageListenerContainer#epoch} it holds for.
   */
  onSubscribed?(topics: readonly string[], epoch: number): void;

  /** `topics` were unsubscribed, because their last listener went or the container stops. */
  onUnsubscribed?(topics: readonly string[], epoch: number): void;

  /**
   * The connection of `epoch` is gone, through a fault or because the container let it go: messages may be missed from here on, and
   * some may have been already. Called synchronously when the loss is noticed; by then the container counts the next epoch.
   */
  onLost?(epoch: number): void;
}
