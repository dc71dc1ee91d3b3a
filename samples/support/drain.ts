import type { Server } from 'node:http';

/** The longest an open request is waited for. */
const LONGEST_MS = 1_000;

/**
 * Waits until `server` is closed, which begins now: it takes no more requests, and those that are open end first. An update among them must
 * have reached the caches before their container is unbound.
 */
export async function drain(server: Server, closed: Promise<unknown>): Promise<void> {
  const cut = setTimeout(() => server.closeAllConnections(), LONGEST_MS);
  try {
    await closed;
  } finally {
    clearTimeout(cut);
  }
}
