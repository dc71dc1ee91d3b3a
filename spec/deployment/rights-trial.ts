import type { RedisServer } from '../support/redis-server.js';

/** Whose rights are tried. */
export const USER = 'books';
export const PASSWORD = 'for-the-books-alone';

/** What servers refused, and what went wrong because of it. */
export interface Outcome {
  /** `undefined` if everything worked. */
  readonly failure: unknown;
  /** The entries of ACL LOG: `command app:…`, `key app:…` or `channel app:…`. */
  readonly refusals: readonly string[];
}

/** Has the user exist on each of `servers` with these rights, and no others. */
export async function grant(servers: readonly RedisServer[], rights: readonly string[]): Promise<void> {
  for (const server of servers) {
    await server.cli('ACL', 'DELUSER', USER);
    await server.cli('ACL', 'SETUSER', USER, 'on', `>${PASSWORD}`, 'resetkeys', 'resetchannels', '-@all', ...rights);
    await server.cli('ACL', 'LOG', 'RESET');
  }
}

/** What comes of `use` while `rights` are all that the user has. */
export async function tryRights(servers: readonly RedisServer[], rights: readonly string[], use: () => Promise<void>): Promise<Outcome> {
  await grant(servers, rights);
  const failure = await use().then(
    () => undefined,
    (error: unknown) => error,
  );
  const logs = await Promise.all(servers.map(async (server) => (await server.cli('ACL', 'LOG')) as readonly (readonly string[])[]));
  const entries = logs
    .flat()
    .map((fields) => Object.fromEntries(fields.flatMap((field, i) => (i % 2 === 0 ? [[field, fields[i + 1]]] : []))));
  return { failure, refusals: entries.map((entry) => `${entry['reason']} ${entry['object']}`) };
}

/** How a refusal for want of `right` begins. */
export const refusalFor = (right: string): string =>
  right.startsWith('+')
    ? `command ${right.slice(1)}`
    : `${right.startsWith('~') ? 'key' : 'channel'} ${right.slice(1, right.indexOf('*'))}`;
