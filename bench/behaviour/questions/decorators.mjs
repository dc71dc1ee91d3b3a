import { inWorld, unusedName } from '../world.mjs';
import { decorated } from '../decorated.mjs';

export const title = 'decorators for methods';
export const how =
  'A method decorated as documented is called twice and runs once. Of a library without such documentation, every exported function is tried as the maker of a decorator, of the old kind and of the new.';

export const observe = (library) =>
  inWorld(library, async ({ database, start }) => {
    const instance = await start();
    if (!instance.isDecorated) return (await exportsDecorator(await library.exported())) ? 'yes' : 'no';
    const name = unusedName();
    for (let i = 0; i < 2; i += 1) await instance.find(name);
    return database.loads === 1 ? 'yes' : 'no';
  });

async function exportsDecorator(exported) {
  for (const make of Object.values(exported).filter((value) => typeof value === 'function'))
    for (const options of [undefined, 'book', { ttl: 60_000, key: 'book' }])
      for (const apply of [decorated, decoratedAnew]) if (await caches(make, options, apply)) return true;
  return false;
}

async function caches(make, options, apply) {
  let calls = 0;
  class BookService {
    async find(name) {
      calls += 1;
      return { name };
    }
  }
  try {
    const made = make(options);
    Promise.resolve(made).catch(() => undefined); // It may have been a function that does something.
    apply(BookService, 'find', made);
    const service = new BookService();
    const books = [await service.find('Dune'), await service.find('Dune')];
    return calls === 1 && books.every((book) => book.name === 'Dune');
  } catch {
    return false;
  }
}

function decoratedAnew(Class, name, decorator) {
  const context = { kind: 'method', name, static: false, private: false, addInitializer: () => undefined, metadata: {} };
  const method = decorator(Class.prototype[name], context);
  if (method !== undefined) Class.prototype[name] = method;
}
