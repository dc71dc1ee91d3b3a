// Sees to it that a Chromium is there for the specs of the console: found, else installed where that needs no question.
import { spawnSync } from 'node:child_process';
import { asRoot, has } from './server.mjs';

const HELP = 'Install chromium or Google Chrome, so that it is on the PATH, or set CHROMIUM to its path.';

/**
 * @param {(env: NodeJS.ProcessEnv) => string | undefined} find - as the specs find it.
 * @returns {string} the path of the program.
 * @throws {Error} whose message is fit to be printed: what is missing, and what to do.
 */
export function ensureBrowser(find, env = process.env) {
  const found = find(env);
  if (found !== undefined) return found;
  const installer = INSTALLERS.find(({ program }) => has(program, env));
  const command = installer?.command(env);
  if (command === undefined) {
    const why =
      installer === undefined ? 'there is no apt-get or brew here to install one' : `${installer.program} needs a password to install one`;
    throw new Error(`The specs of the console need a Chromium: none is on the PATH, and ${why}. ${HELP}`);
  }
  console.log(`Found no Chromium on the PATH: installing one with ${installer.program} ...`);
  const { status } = spawnSync(command[0], command.slice(1), { env, stdio: ['ignore', 'inherit', 'inherit'] });
  const installed = status === 0 ? find(env) : undefined;
  if (installed === undefined)
    throw new Error(`The specs of the console need a Chromium, and ${installer.program} could not install one. ${HELP}`);
  return installed;
}

// Without recommendations it would come without a single font.
const APT = `
set -e
export DEBIAN_FRONTEND=noninteractive
install() { apt-get install -y --no-install-recommends chromium fonts-dejavu-core; }
install || { apt-get update && install; }
`;

const INSTALLERS = [
  { program: 'apt-get', command: (env) => asRoot(APT, env) },
  { program: 'brew', command: () => ['brew', 'install', '--cask', 'google-chrome'] },
];
