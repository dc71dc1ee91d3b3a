// Sees to it that a Chromium is there for the specs of the console: found, else installed where that needs no question.
import { asRoot, ensureInstalled } from './installed.mjs';

// Without recommendations it would come without a single font.
const APT = `
set -e
export DEBIAN_FRONTEND=noninteractive
install() { apt-get install -y --no-install-recommends chromium fonts-dejavu-core; }
install || { apt-get update && install; }
`;

const NEED = {
  what: 'The specs of the console need a Chromium',
  absence: 'none is on the PATH',
  found: 'Found no Chromium on the PATH',
  pronoun: 'one',
  help: 'Install chromium or Google Chrome, so that it is on the PATH, or set CHROMIUM to its path.',
  installers: [
    { program: 'apt-get', command: (env) => asRoot(APT, env) },
    { program: 'brew', command: () => ['brew', 'install', '--cask', 'google-chrome'] },
  ],
};

/**
 * @param {(env: NodeJS.ProcessEnv) => string | undefined} find - as the specs find it.
 * @returns {string} the path of the program.
 * @throws {Error} whose message is fit to be printed: what is missing, and what to do.
 */
export const ensureBrowser = (find, env = process.env) => ensureInstalled(find, env, NEED);
