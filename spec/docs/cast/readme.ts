export { cache, container, repository } from './books.js';

/** What of Express the page uses. */
export const app = {
  put(
    _path: string,
    _handler: (
      request: { readonly params: { readonly name: string }; readonly body: { readonly price: number } },
      response: { json(body: unknown): void; status(code: number): { json(body: unknown): void } },
    ) => Promise<void>,
  ): void {},
};

export const books = {
  updatePrice: async (name: string, price: number): Promise<{ readonly name: string; readonly price: number }> => ({ name, price }),
};
