import { runProgram } from './run-program.js';

/**
 * A program that caches under `options`, unbinds everything and has nothing left to do; resolves with what it printed: how often a method ran
 * for a call that should be a hit, before and after.
 */
export function runAndUnbind(options: object, enable: string, isCached = true): Promise<string> {
  return runProgram(`
    const { Cacheable, CacheManager, cachingModule, enableCaching } = await import(LIBRARY);
    const { Container } = await import('inversify');
    class Books {
      runs = 0;
      async find(name) { this.runs += 1; return name; }
    }
    Object.defineProperty(Books.prototype, 'find', Cacheable('book')(Books.prototype, 'find', Object.getOwnPropertyDescriptor(Books.prototype, 'find')));
    const container = new Container();
    const options = ${JSON.stringify(options)};
    ${enable}
    container.bind(Books).toSelf().inSingletonScope();
    const books = container.get(Books);
    const runs = async () => { const before = books.runs; await books.find('Dune'); return books.runs - before; };
    // A cache serves nothing before its topic is confirmed, which a first use does not wait for.
    ${isCached ? 'while ((await runs()) > 0) await new Promise(setImmediate);' : ''}
    console.log('before', await runs());
    await container.unbindAllAsync();
    console.log('after', await runs());
  `);
}
