// Programs that the specs need and npm does not bring: found, else installed where that needs no question.
import { spawnSync } from 'node:child_process';

/**
 * @typedef {object} Need
 * @property {string} what - who needs what, as a sentence begins.
 * @property {string} absence - as it goes on after a colon.
 * @property {string} found - what was not found, as a sentence begins.
 * @property {'one' | 'them'} pronoun - of what is installed.
 * @property {string} help - what people can do.
 * @property {readonly Installer[]} installers - the first that is there is taken.
 *
 * @typedef {object} Installer
 * @property {string} program
 * @property {(env: NodeJS.ProcessEnv) => readonly string[] | undefined} command - `undefined`: it would ask for a password.
 */

/**
 * @template Found
 * @param {(env: NodeJS.ProcessEnv) => Found | undefined} find - as the specs find it.
 * @param {NodeJS.ProcessEnv} env
 * @param {Need} need
 * @returns {Found} where it is.
 * @throws {Error} whose message is fit to be printed: what is missing, and what to do.
 */
export function ensureInstalled(find, env, { what, absence, found: notFound, pronoun, help, installers }) {
  const found = find(env);
  if (found !== undefined) return found;
  const installer = installers.find(({ program }) => has(program, env));
  const command = installer?.command(env);
  if (command === undefined) {
    const why =
      installer === undefined
        ? `there is no apt-get or brew here to install ${pronoun}`
        : `${installer.program} needs a password to install ${pronoun}`;
    throw new Error(`${what}: ${absence}, and ${why}. ${help}`);
  }
  console.log(`${notFound}: installing ${pronoun} with ${installer.program} ...`);
  const { status } = spawnSync(command[0], command.slice(1), { env, stdio: ['ignore', 'inherit', 'inherit'] });
  const installed = status === 0 ? find(env) : undefined;
  if (installed === undefined) throw new Error(`${what}, and ${installer.program} could not install ${pronoun}. ${help}`);
  return installed;
}

/**
 * A shell script that installs a package whose service shall not run. A Debian package starts its service at once, and at every boot. The
 * specs start servers of their own, so while the package is being installed a policy forbids services to start (exit code 101), and
 * afterwards the unit is disabled - unless the machine has a policy of its own, which stays.
 */
export const aptWithoutService = (install, units) => `
set -e
export DEBIAN_FRONTEND=noninteractive
policy=\${POLICY_RC_D:-/usr/sbin/policy-rc.d}
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' INT TERM HUP
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"
  chmod +x "$policy"
fi
install() { ${install}; }
install || { apt-get update && install; }
if command -v systemctl >/dev/null 2>&1; then systemctl disable ${units} >/dev/null 2>&1 || true; fi
`;

/** The command that runs a shell script as root; `undefined` where a password would be asked. */
export function asRoot(script, env) {
  if (process.getuid?.() === 0) return ['sh', '-c', script];
  const sudo = has('sudo', env) && spawnSync('sudo', ['-n', 'true'], { env, stdio: 'ignore' }).status === 0;
  return sudo ? ['sudo', '-n', 'sh', '-c', script] : undefined;
}

function has(program, env) {
  return spawnSync('sh', ['-c', `command -v ${program}`], { env, stdio: 'ignore' }).status === 0;
}
