export { books, container } from './books.js';

/** Of the application. */
export class NotFoundError extends Error {}
