import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { MessageListenerContainer } from '../../../lib/topic/index.js';
import { faultyRedis } from '../../../lib/testing/index.js';
import { freePort } from '../../support/redis-server.js';
import { sharedRedis } from '../../support/shared-redis.js';

/** Runs `body` in a process of its own, with `container` and `publisher` made for `url`; resolves with what it printed once it has ended by itself. */
async function run(url: string, body: string): Promise<string> {
  const program = `
    const { ChannelTopic, MessageListenerContainer, MessagePublisher } = await import(${JSON.stringify(import.meta.resolve('../../../lib/topic/index.js'))});
    const { RedisTransport } = await import(${JSON.stringify(import.meta.resolve('../../../lib/topic/redis/index.js'))});
    const transport = new RedisTransport(${JSON.stringify(url)}, { pingIntervalMs: 50, socketTimeoutMs: 300 });
    const container = new MessageListenerContainer(transport);
    const publisher = new MessagePublisher(transport);
    await container.addMessageListener(({ body }) => console.log('heard', body), ChannelTopic.of('process-end'));
    ${body}
    console.log(container.state, process.getActiveResourcesInfo().filter((name) => /TCP|Timeout/.test(name)).join());
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  // A process that does not end would outlive the spec: the guard ends it, and the signal fails the expectation.
  const guard = setTimeout(() => child.kill('SIGKILL'), 50_000);
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  clearTimeout(guard);
  expect({ code, signal, output: code === 0 ? '' : output }).to.deep.equal({ code: 0, signal: null, output: '' });
  return output;
}

describe(`${MessageListenerContainer.name} in a process`, function () {
  this.timeout(60_000);

  it('leaves no socket and no timer after stop: the process ends', async () => {
    const { url } = await sharedRedis();
    const output = await run(
      url,
      `await container.start(); await publisher.publish('process-end', 'x'); await new Promise(setImmediate); await container.stop();`,
    );
    expect(output).to.match(/^(heard x\n)?stopped \n$/);
  });

  it('leaves none either when the server was never there', async () => {
    const output = await run(
      `redis://127.0.0.1:${await freePort()}`,
      `await container.start().catch(({ code }) => console.log(code)); await container.stop(); await publisher.publish('a', 'b').catch(({ code }) => console.log(code));`,
    );
    expect(output).to.equal('CACHE_REMOTE_CONNECT_FAILED\nTOPIC_PUBLISH_FAILED\nstopped \n');
  });

  it('leaves none either when stopped while it connects to a link that says nothing', async () => {
    const proxy = await faultyRedis((await sharedRedis()).url);
    proxy.blackhole();
    try {
      const output = await run(
        proxy.url,
        `const starting = container.start().catch(({ code }) => console.log(code)); await new Promise(setImmediate); await container.stop(); await starting;`,
      );
      expect(output).to.equal('TOPIC_SUBSCRIBE_FAILED\nstopped \n');
    } finally {
      await proxy.stop();
    }
  });
});
