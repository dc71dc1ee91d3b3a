// Sees to it that a Redis or Valkey server program is there for the specs: found, else installed where that needs no question.
import { asRoot, ensureInstalled } from './installed.mjs';

// A Debian package starts its service at once, on port 6379, and at every boot. The specs start servers of their own, so while the
// package is being installed a policy forbids services to start (exit code 101), and afterwards the unit is disabled - unless the
// machine has a policy of its own, which stays.
const APT = `
set -e
export DEBIAN_FRONTEND=noninteractive
policy=\${POLICY_RC_D:-/usr/sbin/policy-rc.d}
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' INT TERM HUP
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"
  chmod +x "$policy"
fi
install() { apt-get install -y --no-install-recommends redis-server || apt-get install -y --no-install-recommends valkey-server; }
install || { apt-get update && install; }
if command -v systemctl >/dev/null 2>&1; then systemctl disable redis-server valkey-server >/dev/null 2>&1 || true; fi
`;

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
