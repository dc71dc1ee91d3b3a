import 'reflect-metadata';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { Container } from 'inversify';
import { Cluster } from 'ioredis';
import { CACHE_EVENT_NAMES, CacheEvents, CacheManager, cachingModule, type CachingOptions } from '../../lib/index.js';
import { rejectionOf } from '../contract/rejection.js';
import { QuotingServer } from '../support/quoting-server.js';
import { waitFor } from '../support/wait.js';

/** Nothing of these occurs in a text of ours. */
const PASSWORDS: Readonly<Record<string, string>> = {
  'a long one': `Zq7x${'hxrs3bxtt3rystxpl3'.repeat(20)}`,
  'one with signs of URLs': 'Zq7x/hxrs3@bxtt3ry#stxpl3?k9=%41&w',
  'one with quotation marks': 'Zq7x\'hxrs3"bxtt3ry\\stxpl3`k9',
  'one with other letters': 'Žq7xхорс3密码батт3рыštxpl3',
  'a short one': 'Zq7',
};

/** How servers and proxies quote, given the arguments of AUTH or HELLO. */
const QUOTES: Readonly<Record<string, (args: readonly string[], password: string) => string>> = {
  'in full': (_args, password) => `-ERR invalid password ${password}`,
  'in the words of Redis, cut at 128 characters': ([name, ...args]) =>
    `-ERR unknown command '${name}', with args beginning with: ${args
      .map((arg) => `'${arg.slice(0, 128)}' `)
      .join('')
      .slice(0, 128)}`,
  'by its first letters': (_args, password) => `-ERR wrong password (${password.slice(0, 3)}...)`,
  'by its middle, in capitals': (_args, password) => `-DENIED ${password.slice(2, 12).toUpperCase()} IS UNKNOWN`,
  'percent-encoded': (_args, password) => `-ERR cannot enter as :${encodeURIComponent(password)}@me`,
  'without a code': (_args, password) => `-no access for ${password.slice(0, 9)}`,
};

/** As a reader of logs would look: fields, hidden ones too, and causes. */
const everythingOf = (told: unknown): string => {
  const parts = [inspect(told, { depth: Infinity, showHidden: true, maxStringLength: Infinity, maxArrayLength: Infinity }), String(told)];
  try {
    parts.push(JSON.stringify(told));
  } catch {
    // A circle: inspect has gone through it.
  }
  return parts.join('\n');
};

/** Parts of three characters, a letter and a digit among them: others may stand in any text. */
function expectHidden(text: string, password: string): void {
  const lower = text.toLowerCase();
  for (const form of [password, encodeURIComponent(password), JSON.stringify(password).slice(1, -1)]) {
    const parts = Array.from({ length: form.length - 2 }, (_, i) => form.slice(i, i + 3).toLowerCase());
    expect(parts.filter((part) => /\d/.test(part) && /\p{L}/u.test(part) && lower.includes(part))).to.deep.equal([]);
  }
}

describe('a password', () => {
  let servers: QuotingServer[];
  let printed: string[];
  let restore: () => void;

  beforeEach(() => {
    servers = [];
    printed = [];
    const onWarning = (warning: Error): void => void printed.push(everythingOf(warning));
    const { warn, error, log } = console;
    process.on('warning', onWarning);
    console.warn = console.error = console.log = (...args: unknown[]): void => void printed.push(args.map(everythingOf).join(' '));
    restore = () => {
      process.off('warning', onWarning);
      Object.assign(console, { warn, error, log });
    };
  });

  afterEach(async () => {
    restore();
    await Promise.all(servers.map((server) => server.stop()));
  });

  const refusing = async (password: string, quote: (args: readonly string[], password: string) => string): Promise<QuotingServer> => {
    const server = await QuotingServer.start((args) =>
      /^(AUTH|HELLO)$/i.test(args[0] as string) ? quote(args, password) : '-NOAUTH Authentication required.',
    );
    servers.push(server);
    return server;
  };

  /** Starts in vain, until each of `links` has told of a failure with these words, and answers all that was told. */
  async function told(
    redis: CachingOptions['redis'],
    links: readonly string[],
    words = /may quote the password|unknown command '(auth|hello)'/i,
  ): Promise<string> {
    const container = new Container();
    container.load(
      cachingModule({ redis, caches: { book: {} }, bound: '200ms', timeout: '100ms', deadline: '200ms', connectTimeout: '400ms' }),
    );
    const events = container.get(CacheEvents);
    const manager = container.get(CacheManager);
    const everything: unknown[] = [];
    const failed = new Set<unknown>();
    for (const name of CACHE_EVENT_NAMES) {
      events.on(name, (event) => {
        everything.push([name, event]);
        if (name === 'failed' && words.test(String((event as { error: unknown }).error))) failed.add((event as { link: unknown }).link);
      });
    }
    const error = await rejectionOf(manager.start());
    await waitFor(() => links.every((link) => failed.has(link)), { what: `a failure of ${links.join()}` });
    everything.push(error, manager.health());
    everything.push(await rejectionOf(manager.getCache('book')!.evict('Dune')), manager.health());
    await container.unbindAllAsync();
    expect((error as Error).message).to.include('127.0.0.1');
    return [...everything.map(everythingOf), ...printed].join('\n');
  }

  for (const [what, password] of Object.entries(PASSWORDS)) {
    it(`is not told when a server quotes it, ${what}, in whatever way`, async () => {
      await Promise.all(
        Object.values(QUOTES).map(async (quote) => {
          const { port } = await refusing(password, quote);
          const text = await told(`redis://app:${encodeURIComponent(password)}@127.0.0.1:${port}`, ['command', 'subscriber']);
          expectHidden(text, password);
        }),
      );
    });
  }

  const password = PASSWORDS['one with signs of URLs'] as string;

  it('is not told when it stands in the place of the user', async () => {
    const { port } = await refusing(password, QUOTES['in full']!);
    expectHidden(await told(`redis://${encodeURIComponent(password)}@127.0.0.1:${port}`, ['command', 'subscriber']), password);
    expectHidden(await told({ host: '127.0.0.1', port, username: password }, ['command', 'subscriber']), password);
  });

  it('is not told when Sentinels quote theirs', async () => {
    const { port } = await refusing(password, QUOTES['by its first letters']!);
    const sentinels = [{ host: '127.0.0.1', port }];
    const text = await told({ sentinels, name: 'primary', sentinelPassword: password, password }, ['command', 'sentinel']);
    expectHidden(text, password);
  });

  it('is not told when the nodes of a cluster quote it', async () => {
    for (const node of [(port: number) => ({ host: '127.0.0.1', port }), (port: number) => `redis://127.0.0.1:${port}`]) {
      const { port } = await refusing(password, QUOTES['by its first letters']!);
      const cluster = new Cluster([node(port)], { lazyConnect: true, redisOptions: { password } });
      cluster.on('error', () => undefined);
      expectHidden(await told(cluster, ['command', 'cluster']), password);
      cluster.disconnect();
    }
  });

  it('is not told when a server quotes it later, in the reply to a script', async () => {
    const server = await QuotingServer.start(([name]) =>
      /^(AUTH|HELLO|SELECT|CLIENT|PING)$/i.test(name as string) ? undefined : `-ERR script of ${password.slice(3, 14)} failed`,
    );
    servers.push(server);
    const text = await told(`redis://app:${encodeURIComponent(password)}@127.0.0.1:${server.port}`, []);
    expectHidden(text, password);
  });

  it('does not take from the words of Redis what says the reason', async () => {
    const reply = 'WRONGPASS invalid username-password pair or user is disabled.';
    const { port } = await refusing('invalid-password', () => `-${reply}`);
    const text = await told(`redis://app:invalid-password@127.0.0.1:${port}`, ['command', 'subscriber'], /WRONGPASS/);
    expect(text).to.include(reply);
  });
});
