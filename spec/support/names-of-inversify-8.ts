/**
 * Gives inversify 7 the names of 8, so that specs and samples run unchanged on both: `node --import names-of-inversify-8.js`. What is
 * called otherwise in 7 has specs of its own, which do without this.
 */
import { Container } from 'inversify';

const prototype = Container.prototype as unknown as Record<string, unknown>;
if (prototype['loadSync'] === undefined) throw new Error('This is not inversify 7.');
for (const verb of ['load', 'unload', 'unbind', 'rebind']) {
  prototype[`${verb}Async`] = prototype[verb];
  prototype[verb] = prototype[`${verb}Sync`];
}
prototype['unbindAllAsync'] = prototype['unbindAll'];
