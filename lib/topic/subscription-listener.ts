/**
 * Told from when messages are sure to arrive, and from when they no longer are. Spring's
 * `SubscriptionListener`, with the loss added: a listener that must not miss messages unnoticed needs both.
 */
export interface SubscriptionListener {
  /**
   * The server confirmed the subscription of `topics`: messages published from now on arrive, for as long as
   * `epoch` lasts. Called at the first subscription, after every recovery, and when topics are added. A
   * message in the same packet as the confirmation may have been delivered just before this call.
   *
   * @param epoch - the {@link MessageListenerContainer#epoch} that it holds for.
   */
  readonly onSubscribed?: ((topics: readonly string[], epoch: number) => void) | undefined;

  /** `topics` were unsubscribed, because their last listener went or the container stops. */
  readonly onUnsubscribed?: ((topics: readonly string[], epoch: number) => void) | undefined;

  /**
   * The connection of `epoch` is gone, through a fault or because the container let it go. Messages may be
   * missed from now on, and some may have been missed already. Called synchronously when the loss is noticed;
   * the container already counts the next epoch.
   */
  readonly onLost?: ((epoch: number) => void) | undefined;
}
