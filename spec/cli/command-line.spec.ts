import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect } from 'chai';
import { readCommandLine, UsageError } from '../../lib/cli/command-line.js';
import { runCommandLine } from '../../lib/cli/index.js';
import { type CliRun, runCli } from '../support/run-cli.js';

/** Runs it without a server. */
const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CliRun> => runCli(args, { env });

const HELP_LINE = "Try 'inversify-cache --help'.\n";

describe(readCommandLine.name, () => {
  it('reads what is said, and knows the rest', () => {
    expect(readCommandLine(['tail'])).to.deep.equal({
      command: 'tail', redis: undefined, namespace: 'cache', caches: [], topic: undefined, keys: [], tags: [], acks: 'all', isCount: false, limit: 100_000, forMs: undefined, timeoutMs: 2_000, isJson: false,
    }); // prettier-ignore
    const line = readCommandLine([
      'evict',
      'Dune',
      '~42',
      '~["a",1]',
      '--cache=book',
      '--acks',
      'none',
      '--timeout',
      '500',
      '--json',
      '--',
      '-x',
    ]);
    expect(line).to.deep.include({
      command: 'evict',
      keys: ['Dune', '~42', '~["a",1]', '-x'].map((key) => ({ encoded: [key], hint: undefined })),
      caches: ['book'],
      acks: 'none',
      timeoutMs: 500,
      isJson: true,
    });
    expect(readCommandLine(['tail', '--for', '5m', '--cache', 'a', '--cache', 'b'])).to.deep.include({
      forMs: 300_000,
      caches: ['a', 'b'],
    });
    expect(readCommandLine(['evict', '--cache', 'book', '--tag', 'author:1', '--tag=~42'])).to.deep.include({
      keys: [],
      tags: ['author:1', '~42'].map((tag) => ({ encoded: [tag], hint: undefined })),
    });
    expect(readCommandLine(['keys', '--cache', 'book', '--count', '--limit', '20'])).to.deep.include({ isCount: true, limit: 20 });
  });

  const misuses: readonly (readonly [readonly string[], string])[] = [
    [[], 'Expected a command.'],
    [['flush'], "There is no command 'flush'."],
    [['evict', 'Dune'], 'Expected one --cache for evict.'],
    [['clear', '--cache', 'a', '--cache', 'b'], 'Expected one --cache for clear.'],
    [['evict', '--cache', 'book'], 'Expected at least one key, or --tag, to evict; to evict all, use clear.'],
    [['evict', '--cache', 'book', 'Dune', '--tag', 'author:1'], 'Expected keys or --tag to evict, not both.'],
    [['evict', '--tag', 'author:1'], 'Expected one --cache for evict.'],
    [['evict', '--cache', 'book', '--tag', '~['], '"~[" is not a key as the cache writes it.'],
    [['clear', '--cache', 'book', '--tag', 'author:1'], 'Expected no --tag for clear.'],
    [['get', '--cache', 'book', 'Dune', '--tag', 'author:1'], 'Expected no --tag for get.'],
    [['clear', '--cache', 'book', 'Dune'], "Expected no keys for clear, got 'Dune'."],
    [['tail', '--topic', 'people'], 'Expected one --cache for --topic.'],
    [['evict', '--cache', 'book', 'Dune', '--acks', 'some'], "Expected --acks to be all or none, got 'some'."],
    [['get', 'Dune'], 'Expected one --cache for get.'],
    [['get', '--cache', 'book'], 'Expected one key to get.'],
    [['get', '--cache', 'book', 'Dune', 'Emma'], 'Expected one key to get.'],
    [['keys'], 'Expected one --cache for keys.'],
    [['keys', '--cache', 'book', 'Dune'], "Expected no keys for keys, got 'Dune'."],
    [['keys', '--cache', 'book', '--limit', '0'], "Expected --limit to be a whole number from 1, got '0'."],
    [['keys', '--cache', 'book', '--limit', 'all'], "Expected --limit to be a whole number from 1, got 'all'."],
    [
      ['keys', '--cache', ''],
      "Expected `cache name` to be 1 to 128 of the characters A-Z, a-z, 0-9, '_', '.' and '-', got an empty string.",
    ],
    [['health', 'now'], "Expected no keys for health, got 'now'."],
    [['stats', '--acks', 'all'], 'Expected no --acks for stats.'],
    [['health', '--for', '5s'], 'Expected no --for for health.'],
    [['get', '--cache', 'book', 'Dune', '--topic', 'people'], 'Expected no --topic for get.'],
    [['evict', '--cache', 'book', 'Dune', '--count'], 'Expected no --count for evict.'],
    [['tail', '--limit', '5'], 'Expected no --limit for tail.'],
  ];
  for (const [args, message] of misuses) {
    it(`refuses \`${args.join(' ')}\``, () => {
      expect(() => readCommandLine(args)).to.throw(UsageError, message);
    });
  }
});

describe(runCommandLine.name, () => {
  it('helps on its standard output, and ends with 0', async () => {
    for (const args of [['--help'], ['tail', '-h']]) {
      const { code, out, err } = await run(args);
      expect([code, err]).to.deep.equal([0, '']);
      for (const word of [
        'tail',
        'stats',
        'health',
        'get',
        'keys',
        'evict',
        'clear',
        '--tag',
        '--redis',
        '--json',
        'Exit codes: 0 done, 1 failed (or no such cache, no value, no instance answered, one that is not up),',
      ]) {
        expect(out).to.include(word);
      }
      for (const line of out.split('\n')) expect(line.length).to.be.at.most(110);
    }
  });

  it('tells the version of the package', async () => {
    expect(await run(['--version'])).to.deep.include({ code: 0, err: '' });
    expect((await run(['--version'])).out).to.match(/^\d+\.\d+\.\d+\n$/);
  });

  it('ends with 2 when it is misused, with a way out', async () => {
    expect(await run(['flush'])).to.deep.equal({ code: 2, out: '', err: `There is no command 'flush'.\n${HELP_LINE}` });
    expect(await run(['stats'])).to.deep.equal({
      code: 2,
      out: '',
      err: `Expected --redis, or REDIS_URL or REDIS_HOST in the environment.\n${HELP_LINE}`,
    });
  });

  it('prints nothing on its standard error that a terminal would obey, whoever wrote it', async () => {
    const hostile = '\u001b]0;gone\u0007\u009b2J\u202e\u2028';
    // A server that answers every command with an error of its own wording.
    const server = createServer((socket) =>
      socket.on('data', () => socket.write(`-ERR ${hostile.replaceAll('\u2028', '')}\r\n`)).on('error', () => undefined),
    );
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    for (const args of [
      [hostile],
      ['stats', `--${hostile}`],
      ['stats', hostile.repeat(10_000)],
      ['evict', '--cache', 'book', '--acks', hostile, 'x'],
      ['evict', '--cache', 'book', `~[${hostile}`],
      ['tail', '--for', hostile],
      ['stats', '--namespace', hostile, '--redis', `redis://127.0.0.1:${port}`, '--timeout', '300ms'],
      ...['evict', 'get'].map((command) => [command, '--cache', 'book', 'x', '--redis', `redis://127.0.0.1:${port}`, '--timeout', '300ms']),
    ]) {
      const { out, err } = await run(args);
      expect(err, args.join(' ').slice(0, 100)).to.not.equal('');
      for (const line of `${out}${err}`.split('\n')) {
        expect(line).to.not.match(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(line.length).to.be.at.most(25_000);
      }
    }
    server.close();
  });

  const away = 'redis://127.0.0.1:1';
  const passwords = [
    'hunter2',
    'hun/ter2',
    'hun@ter2',
    'hun#ter2',
    'hun?ter2=7',
    'hun%2Fter2',
    'hun ter2',
    "hun'ter2",
    'hun"ter2',
    'hun\nter2',
    `hun${'z7'.repeat(300)}ter2`,
  ];
  const urls = passwords.flatMap((password) => [`redis://user:${password}@host:6379/0`, `rediss://${password}@host`, `user:${password}@host`, `http://user:${encodeURIComponent(password)}@host`]); // prettier-ignore

  /** A URL everywhere that one can stand. */
  const misplaced = (url: string): readonly (readonly string[])[] => [
    [url],
    ['tail', url],
    ['clear', '--cache', 'book', url],
    ['stats', '--redis', url, 'x'],
    ['stats', `--${url}`],
    ['stats', `-${url}`],
    ['stats', `--url=${url}`],
    ['stats', '--url', url],
    ['stats', `--json=${url}`],
    ['stats', '--namespace', url],
    ['stats', '--redis', away, '--cache', url],
    ['evict', 'Dune', '--redis', away, '--cache', url],
    ['evict', 'Dune', '--redis', away, '--cache', 'book', '--acks', url],
    ['evict', url, '--redis', away],
    ['evict', '--redis', away, '--tag', url],
    ['evict', '--redis', away, '--cache', 'book', '--tag', `~[${url}`],
    ['evict', '--redis', away, '--cache', 'book', 'Dune', '--tag', url],
    ['get', url, '--redis', away],
    ['keys', '--redis', away, '--cache', url],
    ['keys', '--redis', away, '--cache', 'book', '--limit', url],
    ['health', '--redis', away, url],
    ['evict', `~[${url}`, '--redis', away, '--cache', 'book'],
    ['tail', '--redis', away, '--timeout', url],
    ['tail', '--redis', away, '--for', url],
    ['tail', '--redis', away, '--topic', url],
  ];

  for (const url of urls) {
    it(`never repeats a password: ${url.slice(0, 40)}`, async () => {
      for (const args of misplaced(url)) {
        const { code, out, err } = await run(args);
        expect(code, err).to.equal(2);
        expect(`${out}${err}`, args.join(' ')).not.to.match(/hun|ter2|z7/);
        expect(err).to.not.equal('');
      }
    });
  }

  it('never repeats a password when Redis is away either', async () => {
    const url = 'redis://user:hun/ter2@host';
    for (const args of [
      ['tail', '--redis', `redis://user:hun%2Fter2@127.0.0.1:1`],
      ['evict', '--cache', 'book', url, '--redis', `redis://user:hun%2Fter2@127.0.0.1:1`],
      ['evict', '--cache', 'book', '--tag', url, '--redis', `redis://user:hun%2Fter2@127.0.0.1:1`],
      ['evict', '--cache', 'book', 'Dune', '--topic', url, '--redis', 'redis://hun%2Fter2@127.0.0.1:1'],
      ['get', '--cache', 'book', url, '--redis', `redis://user:hun%2Fter2@127.0.0.1:1`],
      ['stats', '--redis', url],
    ]) {
      const { code, out, err } = await run([...args, '--timeout', '300ms']);
      expect(code, err).to.be.oneOf([1, 2]);
      expect(`${out}${err}`).not.to.match(/hun|ter2/);
    }
    for (const env of [{ REDIS_HOST: url }, { REDIS_URL: url }, { REDIS_HOST: '127.0.0.1', REDIS_PORT: url }]) {
      const { code, err } = await run(['stats', '--timeout', '300ms'], env);
      expect([code, /hun|ter2/.test(err)], err).to.deep.equal([2, false]);
    }
  });
});
