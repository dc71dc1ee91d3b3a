import { locateProgram } from './locate-program.js';

/** The browsers the specs can drive, in order of preference. */
const BROWSER_PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'] as const;

/** Where macOS keeps programs that are on no PATH. */
const APPLICATIONS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
] as const;

/**
 * The browser the specs drive: what `CHROMIUM` names (a path, or a name on the PATH), else the first of {@link BROWSER_PROGRAMS} on the PATH.
 *
 * @returns its path, or `undefined` when there is none.
 * @throws {Error} when `CHROMIUM` is set but names no program: a wish is not silently replaced by another browser.
 */
export function findBrowserProgram(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const wish = env['CHROMIUM'] ?? '';
  if (wish !== '') {
    const found = locateProgram(wish, env);
    if (found === undefined) throw new Error(`CHROMIUM is '${wish}', which is no program that can be run.`);
    return found;
  }
  for (const name of [...BROWSER_PROGRAMS, ...APPLICATIONS]) {
    const found = locateProgram(name, env);
    if (found !== undefined) return found;
  }
  return undefined;
}
