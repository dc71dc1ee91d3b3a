/**
 * Lets a process run on another version of inversify, whatever it imports: `node --import other-inversify.js`, with the name that
 * package.json has for it in `INVERSIFY`.
 */
import { register } from 'node:module';
import { pathToFileURL } from 'node:url';
import { projectRoot } from './project.js';

const hooks = `
  export const resolve = (specifier, context, next) =>
    specifier === 'inversify'
      ? next(${JSON.stringify(process.env['INVERSIFY'])}, { ...context, parentURL: ${JSON.stringify(pathToFileURL(`${projectRoot}/`).href)} })
      : next(specifier, context);`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
