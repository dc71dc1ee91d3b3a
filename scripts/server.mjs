// Sees to it that a Redis or Valkey server program is there for the specs: found, else installed where that needs no question.
import { aptWithoutService, asRoot, ensureInstalled } from './installed.mjs';

const APT = aptWithoutService(
  'apt-get install -y --no-install-recommends redis-server || apt-get install -y --no-install-recommends valkey-server',
  'redis-server valkey-server',
);

const NEED = {
  what: 'The integration specs need a Redis server',
  absence: 'neither redis-server nor valkey-server is on the PATH',
  found: 'Found no redis-server or valkey-server on the PATH',
  pronoun: 'one',
  help: 'Install redis-server or valkey-server, so that it is on the PATH, or set REDIS_SERVER to its path.',
  installers: [
    {
      program: 'apt-get',
      command: (env) => asRoot(APT, env),
    },
    { program: 'brew', command: () => ['brew', 'install', 'redis'] }, // Starts no service unless told to.
  ],
};

/**
 * @param {(env: NodeJS.ProcessEnv) => string | undefined} find - as the specs find it.
 * @returns {string} the path of the program.
 * @throws {Error} whose message is fit to be printed: what is missing, and what to do.
 */
export const ensureServer = (find, env = process.env) => ensureInstalled(find, env, NEED);
