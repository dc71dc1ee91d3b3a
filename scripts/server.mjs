// Sees to it that a Redis or Valkey server program is there for the specs: found, else installed where that needs no question.
import { spawnSync } from 'node:child_process';

const HELP = 'Install redis-server or valkey-server, so that it is on the PATH, or set REDIS_SERVER to its path.';

/**
 * @param {(env: NodeJS.ProcessEnv) => string | undefined} find - as the specs find it.
 * @returns {string} the path of the program.
 * @throws {Error} whose message is fit to be printed: what is missing, and what to do.
 */
export function ensureServer(find, env = process.env) {
  const found = find(env);
  if (found !== undefined) return found;
  const installer = INSTALLERS.find(({ program }) => has(program, env));
  const command = installer?.command(env);
  if (command === undefined) {
    const why =
      installer === undefined ? 'there is no apt-get or brew here to install one' : `${installer.program} needs a password to install one`;
    throw new Error(
      `The integration specs need a Redis server: neither redis-server nor valkey-server is on the PATH, and ${why}. ${HELP}`,
    );
  }
  console.log(`Found no redis-server or valkey-server on the PATH: installing one with ${installer.program} ...`);
  const { status } = spawnSync(command[0], command.slice(1), { env, stdio: ['ignore', 'inherit', 'inherit'] });
  const installed = status === 0 ? find(env) : undefined;
  if (installed === undefined)
    throw new Error(`The integration specs need a Redis server, and ${installer.program} could not install one. ${HELP}`);
  return installed;
}

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

const INSTALLERS = [
  {
    program: 'apt-get',
    command: (env) => asRoot(APT, env),
  },
  { program: 'brew', command: () => ['brew', 'install', 'redis'] }, // Starts no service unless told to.
];

/** The command that runs a shell script as root; `undefined` where a password would be asked. */
export function asRoot(script, env) {
  if (process.getuid?.() === 0) return ['sh', '-c', script];
  const sudo = has('sudo', env) && spawnSync('sudo', ['-n', 'true'], { env, stdio: 'ignore' }).status === 0;
  return sudo ? ['sudo', '-n', 'sh', '-c', script] : undefined;
}

export function has(program, env) {
  return spawnSync('sh', ['-c', `command -v ${program}`], { env, stdio: 'ignore' }).status === 0;
}
