// The library as it was built last, and decorated services without TypeScript.
import 'reflect-metadata';

const root = new URL(`../../${process.env.BENCH_BUILD ?? 'build'}/`, import.meta.url);
export const library = await import(new URL('lib/index.js', root).href);
export const { Container } = await import('inversify');

/** A service of an inversify container whose methods are decorated: `{ find: [body, decorator] }`. */
export function serviceClass(methods) {
  class BookService {}
  for (const [name, [body, decorator]] of Object.entries(methods)) {
    Object.defineProperty(BookService.prototype, name, { value: body, writable: true, configurable: true });
    const descriptor = Object.getOwnPropertyDescriptor(BookService.prototype, name);
    Object.defineProperty(BookService.prototype, name, decorator(BookService.prototype, name, descriptor) ?? descriptor);
  }
  return BookService;
}

/** An instance of `Service` from a container with caching. */
export async function served(Service, options) {
  const container = new Container();
  container.bind(Service).toSelf().inSingletonScope();
  const manager = await library.enableCaching(container, options);
  return { service: container.get(Service), manager, close: () => container.unbindAllAsync() };
}
