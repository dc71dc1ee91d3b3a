/**
 * The states of a {@link MessageListenerContainer}. `isRunning` is true in the four from
 * `starting` to `recovering`.
 */
export type ListenerContainerState =
  /** Never started. → `starting`, `idle` */
  | 'created'
  /** Connecting, then waiting for the first confirmation. → `listening`, `recovering`, `stopping` */
  | 'starting'
  /** Started without a listener: no connection is held. → `starting`, `stopping` */
  | 'idle'
  /** The server has confirmed the topics. → `recovering`, `idle`, `stopping` */
  | 'listening'
  /**
   * The connection or its subscriptions are missing, and the transport is trying again. →
   * `listening`, `idle`, `stopping`
   */
  | 'recovering'
  /** Unsubscribing and closing. → `stopped` */
  | 'stopping'
  /** No connection is held. → `starting`, `idle` */
  | 'stopped';
