export { cache, container } from './books.js';

/** Who is asking. */
export const tenants = { current: 'acme' };
