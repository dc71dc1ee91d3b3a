/** The servers. */
export const SERVER_NAMES: readonly string[] = ['server-1', 'server-2', 'server-3'];
