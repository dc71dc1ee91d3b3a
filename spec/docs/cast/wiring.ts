import { Container } from 'inversify';
import { enableCaching } from '../../../lib/index.js';

export { BookService } from './books.js';

export const container = new Container();
await enableCaching(container, { namespace: 'wiring' });
