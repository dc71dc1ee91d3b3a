import { Container } from 'inversify';
import { enableCaching } from '../../../lib/index.js';

export const container = new Container();
await enableCaching(container, { caches: { book: {} } });

interface Answer {
  status(code: number): Answer;
  json(body: object): void;
}

/** As much of Express as the page needs: it calls each handler once. */
export const app = {
  get(_path: string, handler: (request: object, response: Answer) => void): void {
    const answer: Answer = { status: () => answer, json: () => undefined };
    handler({}, answer);
  },
};

export const log = { warn: (_fields: object): void => undefined };
