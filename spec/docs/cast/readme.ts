export { cache, container, repository } from './books.js';
