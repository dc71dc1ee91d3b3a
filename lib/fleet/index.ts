/**
 * What an instance tells of itself, and how one listens to all of them. A *watcher* (the console, the command line) asks on a topic of the
 * namespace; for a few seconds every instance answers with its status once a second, and at once with each eviction it has applied. Nobody
 * asks: nothing is sent, nothing is listened to, nothing is counted. Touches the contracts of cache, topic, event, time and errors.
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
