/**
 * What an instance reports about itself, and how a watcher listens to all instances. A *watcher* (the
 * console, the command line) asks on a topic of the namespace. For a few seconds every instance then sends
 * its status once a second, and each eviction as soon as it has applied it. While nobody asks, nothing is
 * sent, listened to or counted. Touches the contracts of cache, topic, event, time and errors.
 */
export {
  type CacheStatus,
  type FeedEntry,
  fitting,
  type FleetMessage,
  fleetTopics,
  type FleetTopics,
  formatFleetMessage,
  type InstanceStatus,
  MAXIMUM_FLEET_MESSAGE_LENGTH,
  parseFleetMessage,
} from './fleet-message.js';
export { type CacheDescription, FleetReporter, LEAST_BETWEEN_STATUSES_MS, REPORT_EVERY_MS, WATCHED_FOR_MS } from './fleet-reporter.js';
export { topicPort } from './topic-port.js';
export { type FleetPort, FleetWatch, type InstanceView, SILENT_AFTER_MS } from './fleet-watch.js';
