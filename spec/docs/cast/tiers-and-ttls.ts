export { container } from './books.js';
