/** What specs of many keys stand on: that of the published contract. */
export { type AllOptions, noted, slowBatch as slowly, valuesBy } from '../../lib/testing/contract/noted-loader.js';
export { never as neverAll } from '../../lib/testing/contract/rejection.js';
