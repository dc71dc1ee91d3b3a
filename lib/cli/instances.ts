import { printable } from '../errors/index.js';
import type { InstanceStatus } from '../fleet/index.js';
import type { CommandLine } from './command-line.js';
import type { FleetLink } from './fleet-link.js';
import { unknownToAll } from './known-caches.js';
import { milliseconds } from './table.js';

/** What the instances of a namespace answered. */
export interface Answers {
  readonly instances: readonly InstanceStatus[];
  /** Whether at least one answered, and for each cache of the command line one has it. */
  readonly isComplete: boolean;
}

/**
 * Asks every instance how it is, and complains of what is missing.
 *
 * @throws {CacheError} when Redis does not answer.
 */
export async function askInstances(line: CommandLine, link: FleetLink, complain: (line: string) => void): Promise<Answers> {
  const instances = (await link.watch.ask(line.timeoutMs)).map(({ status }) => status);
  const unknown = unknownToAll(line, instances);
  if (instances.length === 0) complain(nobodyOf(line, link));
  for (const text of unknown) complain(text);
  for (const { id, omittedCaches } of instances) {
    if (omittedCaches !== undefined)
      complain(`${printable(id)} has ${omittedCaches} more caches, which do not fit into its status message.`);
  }
  return { instances, isComplete: instances.length > 0 && unknown.length === 0 };
}

/** In words: why no instance has answered. */
export function nobodyOf({ namespace, timeoutMs }: CommandLine, { reached, askTopic, endpoint }: FleetLink): string {
  if (reached !== 0) return `No instance of namespace '${namespace}' answered within ${milliseconds(timeoutMs)}.`;
  const hint = 'Check --namespace, and the server and database of --redis.';
  return `There is no instance of namespace '${namespace}': nobody listens on '${askTopic}' at ${endpoint}. ${hint}`;
}
