import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this project, from wherever the compiled specs run: the nearest one above with sources and a package.json. */
export const projectRoot: string = (() => {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!(existsSync(join(folder, 'package.json')) && existsSync(join(folder, 'tsconfig.json')))) {
    if (folder === dirname(folder)) throw new Error('Found no package.json above the specs.');
    folder = dirname(folder);
  }
  return folder;
})();
