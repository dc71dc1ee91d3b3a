import { expect } from 'chai';
import { RedisServer } from '../support/redis-server.js';
import { TagServers } from '../support/tag-servers.js';
import { waitFor } from '../support/wait.js';

describe('tags on a server that is restarted', function () {
  this.timeout(120_000);

  for (const [what, args] of Object.entries({ 'without its data': [], 'with its data': ['--appendonly', 'yes'] })) {
    it(`${what} are evicted as before`, async () => {
      const server = await RedisServer.start({ args });
      const servers = new TagServers(server);
      try {
        const [here, there] = [await servers.join(), await servers.join()];
        for (const by of [here, there]) await servers.read(by);
        await here.evictTagged(['austen']);
        const gen = await servers.book.gen();
        await server.restart();
        servers.version = 2;
        await here.evictTagged(['herbert'], { acks: 'all' });
        await servers.up();
        for (const by of [here, there, await servers.join()]) expect(await servers.read(by)).to.equal(2);
        expect(await servers.book.gen()).to.not.equal(gen);
        await waitFor(async () => servers.isPure(), { what: 'a generation of instances with tags' });
      } finally {
        await servers.stop();
        await server.stop();
      }
    });
  }
});
