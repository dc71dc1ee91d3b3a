// A decorated method that no cache answers, against the same method without decorator.
import { cpuTime } from '../harness/rounds.mjs';

const book = { name: 'Dune', price: 12 };
const settled = Promise.resolve(book);
const body = function () {
  return settled;
};
const MANY = 64;

/** Not awaited: what is measured is the call, a few ns of it. */
const calls = (call, close) => ({
  async round(n) {
    let last;
    const begun = cpuTime();
    for (let i = 0; i < n; i += 1) last = call(i % MANY);
    const ns = (cpuTime() - begun) / n;
    if (last !== settled) throw new Error('Somebody else answered.');
    return { ns };
  },
  close,
});

export async function direct() {
  class BookService {}
  BookService.prototype.find = body;
  const service = new BookService();
  return calls((i) => service.find(i));
}

export async function plainNew() {
  const { library, serviceClass } = await import('../harness/library.mjs');
  const Service = serviceClass({ find: [body, library.Cacheable('book')] });
  const service = new Service();
  return calls((i) => service.find(i));
}

export async function conditionFalse() {
  const { library, serviceClass, served } = await import('../harness/library.mjs');
  const Service = serviceClass({ find: [body, library.Cacheable('book', { condition: () => false })] });
  const { service, close } = await served(Service, {});
  await service.find(1);
  return calls((i) => service.find(i), close);
}
