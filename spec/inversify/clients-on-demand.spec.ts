import { expect } from 'chai';
import { enableCaching } from '../../lib/index.js';
import { runProgram } from '../support/run-program.js';

/** Has no package of these names be found from now on, and prints who is looked for. */
const missing = (...names: readonly string[]): string => {
  const hooks = `
    import { writeSync } from 'node:fs';
    const names = ${JSON.stringify(names)};
    export const resolve = (specifier, context, next) => {
      if (!names.some((name) => specifier === name || specifier.startsWith(name + '/'))) return next(specifier, context);
      writeSync(1, 'looked for ' + specifier + '\\n');
      throw new Error('not to be found');
    };`;
  return `
    const { register } = await import('node:module');
    register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hooks)}`)});
    const { Cacheable, cachingModule, enableCaching, MessagePublisher, ChannelTopic } = await import(LIBRARY);
    const { Container } = await import('inversify');
    const container = new Container();
    const tell = ({ code, message, cause }) => console.log(code, message, cause.message);`;
};

describe(`${enableCaching.name} where a Redis client is missing`, function () {
  this.timeout(60_000);

  it('does not look for one without the option `redis`', async () => {
    const output = await runProgram(`${missing('ioredis', '@keyv/redis', '@redis')}
      class Books {
        runs = 0;
        async find(name) { this.runs += 1; return name; }
      }
      Object.defineProperty(Books.prototype, 'find', Cacheable('book')(Books.prototype, 'find', Object.getOwnPropertyDescriptor(Books.prototype, 'find')));
      const manager = await enableCaching(container);
      container.bind(Books).toSelf().inSingletonScope();
      const books = container.get(Books);
      await books.find('Dune');
      await books.find('Dune');
      await manager.getCache('book').evict('Dune');
      console.log(await books.find('Dune'), books.runs);
      await container.unbindAllAsync();`);
    expect(output).to.equal('Dune 2\n');
  });

  it('names the one for commands', async () => {
    const output = await runProgram(`${missing('@keyv/redis')}
      await enableCaching(container, { redis: 'redis://127.0.0.1:1', connectTimeout: '100ms' }).catch(tell);`);
    expect(output).to.equal(
      'looked for @keyv/redis\n' +
        "CACHE_REMOTE_CONNECT_FAILED The Redis client '@keyv/redis' could not be loaded. " +
        "It is installed together with this library: install again, or have your bundler leave '@keyv/redis' where it is. not to be found\n",
    );
  });

  it('names the one for topics', async () => {
    const output = await runProgram(`${missing('ioredis')}
      container.load(cachingModule({ redis: 'redis://127.0.0.1:1' }));
      await container.get(MessagePublisher).publish(ChannelTopic.of('book-channel'), 'Dune').catch(({ cause }) => tell(cause));
      await container.unbindAllAsync();`);
    expect(output).to.equal(
      'looked for ioredis\n' +
        "CACHE_REMOTE_CONNECT_FAILED The Redis client 'ioredis' could not be loaded. " +
        "It is installed together with this library: install again, or have your bundler leave 'ioredis' where it is. not to be found\n",
    );
  });
});
