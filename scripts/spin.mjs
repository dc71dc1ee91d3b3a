// Sees to it that SPIN and a C compiler are there for the models: found, else installed where that needs no question.
import { asRoot, ensureInstalled } from './installed.mjs';

// Without recommendations, gcc would come without the headers of the C library.
const APT = `
set -e
export DEBIAN_FRONTEND=noninteractive
install() { apt-get install -y --no-install-recommends spin gcc libc6-dev; }
install || { apt-get update && install; }
`;

const NEED = {
  what: 'The models need spin and a C compiler',
  absence: 'they are not both on the PATH',
  found: 'Found not both spin and a C compiler on the PATH',
  pronoun: 'them',
  help: 'Install spin and gcc (or clang), so that they are on the PATH, or set SPIN to the path of spin.',
  installers: [
    { program: 'apt-get', command: (env) => asRoot(APT, env) },
    { program: 'brew', command: () => ['brew', 'install', 'spin'] }, // The compiler comes with Homebrew's own tools.
  ],
};

/**
 * @template Programs
 * @param {(env: NodeJS.ProcessEnv) => Programs | undefined} find - as the specs find them.
 * @returns {Programs} their paths.
 * @throws {Error} whose message is fit to be printed: what is missing, and what to do.
 */
export const ensureSpin = (find, env = process.env) => ensureInstalled(find, env, NEED);
