import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import fc from 'fast-check';
import { Credentials, NO_CREDENTIALS, RemoteCacheError } from '../../lib/errors/index.js';

const PASSWORD = 'Zq7x/hxrs3@bxtt3ry';
const HIDDEN = '(the rest is not told: it may quote the password)';

/** As ioredis makes it. */
const replyError = (message: string, name = 'auth'): Error => {
  const error = new Error(message);
  error.name = 'ReplyError';
  return Object.assign(error, { command: { name, args: ['app', PASSWORD] } });
};

describe(Credentials.name, () => {
  const credentials = new Credentials({ username: 'app', password: PASSWORD });

  describe('hide', () => {
    it('leaves what holds nothing of a secret', () => {
      for (const text of ['OOM command not allowed', 'ERR no such app', '']) expect(credentials.hide(text)).to.equal(text);
      expect(NO_CREDENTIALS.hide(`ERR ${PASSWORD}`)).to.equal(`ERR ${PASSWORD}`);
    });

    it('tells the code alone of what quotes a part, however it is written', () => {
      for (const quoted of [PASSWORD, 'hxrs', 'xxhxrsxx', PASSWORD.toUpperCase(), encodeURIComponent(PASSWORD), 'x%2Fhx'])
        expect(credentials.hide(`ERR wrong: ${quoted}`), quoted).to.equal(`ERR ${HIDDEN}`);
      expect(credentials.hide('wrong: hxrs')).to.equal(HIDDEN);
      expect(new Credentials({ password: 'p%40ssw0rd' }).hide('ERR p@ssw0rd')).to.equal(`ERR ${HIDDEN}`);
      expect(new Credentials({ password: 'WRONG9' }).hide('WRONG9 WRONG9')).to.equal(HIDDEN);
      expect(new Credentials({ password: 'ab' }).hide("ERR 'ab'")).to.equal(`ERR ${HIDDEN}`);
      expect(new Credentials({ password: 'ab' }).hide('ERR table')).to.equal('ERR table');
    });

    it('tells nothing of arguments that are cut, for they may be cut within the first letters', () => {
      for (const isHandshake of [true, false])
        for (const [text, told] of [
          ["ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'app' 'Zq", "ERR unknown command 'HELLO'"],
          ['ERR unknown command `auth`, with args beginning with: `Zq', 'ERR unknown command `auth`'],
        ] as const) expect(credentials.hide(text, isHandshake)).to.equal(told); // prettier-ignore
      expect(credentials.hide("ERR unknown command 'GET', with args beginning with: 'Zq")).to.equal("ERR unknown command 'GET'");
    });

    it('takes a user without a password for one, but for the default user', () => {
      expect(new Credentials({ username: PASSWORD }).hide(`NOPERM User ${PASSWORD} has no permissions to run the 'get' command`)).to.equal(
        `NOPERM ${HIDDEN}`,
      );
      expect(new Credentials({ username: 'default' }).hide('ERR default')).to.equal('ERR default');
    });

    it('keeps what Redis is known to say, whatever words the password consists of', () => {
      const words = new Credentials({ username: 'app', password: 'invalid username-password pair, no permissions to run' });
      for (const text of [
        'WRONGPASS invalid username-password pair or user is disabled.',
        'NOAUTH Authentication required.',
        "NOPERM User app has no permissions to run the 'evalsha' command",
        "NOPERM this user has no permissions to run the 'subscribe' command or its subcommand",
        'NOPERM No permissions to access a channel',
      ]) expect(words.hide(text, true)).to.equal(text); // prettier-ignore
    });

    it('tells of an answer to the password only what is known', () => {
      expect(credentials.hide('ERR wrong: Z', true)).to.equal(`ERR ${HIDDEN}`);
      expect(credentials.hide('Socket closed unexpectedly', true)).to.equal('Socket closed unexpectedly');
    });

    it('hides every cut of every password', () => {
      fc.assert(
        fc.property(fc.string({ minLength: 4, maxLength: 60, unit: 'binary' }), fc.nat(), fc.nat(), (password, a, b) => {
          const from = a % (password.length - 3);
          const part = password.slice(from, from + 4 + (b % password.length));
          expect(new Credentials({ password }).hide(`ERR <<${part}>>`)).to.match(/^(ERR )?\(the rest/);
        }),
      );
    });

    it('learns what comes later, and keeps the last few', () => {
      const learning = new Credentials({ password: PASSWORD });
      const passwords = Array.from({ length: 9 }, (_, i) => `k${i}jx${i}qv${i}zw`);
      for (const each of passwords) learning.learn({ username: 'app', password: each });
      learning.learn({ password: passwords[1] });
      learning.learn({ password: 'the tenth' });
      expect([PASSWORD, ...passwords].filter((each) => learning.hide(`ERR <<${each}>>`) !== `ERR ${HIDDEN}`)).to.deep.equal([
        passwords[0],
        passwords[2],
      ]);
      expect(learning.hide('NOPERM app')).to.equal('NOPERM app');
    });

    it('takes no word in a token for a part of it, but sixteen characters', () => {
      const token = `cache/?Action=connect&User=app&X-Amz-Credential=${'kq7zv3xw'.repeat(20)}&X-Amz-Expires=900`;
      const tokens = new Credentials({ username: 'app', password: token });
      for (const text of ['connect ECONNREFUSED 10.0.0.1:6379', 'ERR no user'])
        expect([tokens.hide(text), tokens.isIn('ECONNREFUSED')]).to.deep.equal([text, false]);
      for (const from of [0, 20, 60, token.length - 16])
        expect(tokens.hide(`ERR <<${token.slice(from, from + 16)}>>`), `${from}`).to.equal(`ERR ${HIDDEN}`);
    });

    it('takes little time for long texts and passwords', () => {
      const begun = performance.now();
      const long = new Credentials({ password: 'ab'.repeat(50_000) });
      for (let i = 0; i < 10; i += 1) long.hide(`ERR ${'a'.repeat(100_000)}`);
      expect(performance.now() - begun).to.be.below(5_000); // A comparison of each with each would take 10^11 steps.
      expect(NO_CREDENTIALS.hide('x'.repeat(100_000)).length).to.be.below(1_000);
    });
  });

  describe('clean', () => {
    it('leaves harmless errors as they are', () => {
      const system = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), {
        code: 'ECONNREFUSED',
        errno: -111,
        syscall: 'connect',
        address: '127.0.0.1',
        port: 1,
      });
      const ours = new RemoteCacheError('CACHE_REMOTE_FAILED', 'x');
      for (const error of [system, ours, new Error('plain'), new AggregateError([system], 'both'), new Error('outer', { cause: system })])
        for (const isHandshake of [false, error === system]) expect(credentials.clean(error, isHandshake)).to.equal(error);
    });

    it('knows errors of another realm, and cleans them as well', () => {
      // In Jest's realm, the errors of Node's sockets come from another one. They were taken for no errors, and dropped.
      const make = (message: string): unknown => runInNewContext(`new Error(${JSON.stringify(message)})`);
      const system = make('connect ECONNREFUSED 127.0.0.1:1');
      expect(credentials.clean(system)).to.equal(system);
      expect((credentials.clean(make(`ERR ${PASSWORD}`)) as Error).message).to.equal(`ERR ${HIDDEN}`);
    });

    it('keeps of others what is harmless: name, code, the command without its arguments, and where it happened', () => {
      const error = credentials.clean(Object.assign(replyError('OOM no memory', 'subscribe'), { code: 'OOM' })) as Error & {
        command: unknown;
        code: unknown;
      };
      expect([error.name, error.message, error.code, error.command]).to.deep.equal([
        'ReplyError',
        'OOM no memory',
        'OOM',
        { name: 'subscribe' },
      ]);
      expect(error.stack).to.match(/^ReplyError: OOM no memory\n {4}at .*credentials\.spec/);
    });

    it('hides in every place where an error can hold it', () => {
      const deep = (build: (inner: Error) => Error): Error => build(build(replyError(`ERR bad ${PASSWORD}`)));
      for (const error of [
        replyError('ERR any words'),
        replyError('ERR any words', 'HELLO'),
        deep((cause) => new Error('outer', { cause })),
        deep((cause) => new AggregateError([cause], 'outer')),
        Object.assign(new Error('outer'), { args: [PASSWORD] }),
        Object.assign(new Error('outer'), { path: PASSWORD }),
        Object.assign(new Error('outer'), { originalError: new Error(PASSWORD) }),
        Object.assign(new Error('outer'), { code: PASSWORD }),
        Object.assign(new Error('outer'), { command: { name: PASSWORD } }),
        new Error(`outer ${PASSWORD}`),
        new Error('outer', { cause: `a text with ${PASSWORD}` }),
        new Error('outer', { cause: { password: PASSWORD } }),
      ]) {
        const cleaned = credentials.clean(error);
        const text = `${inspect(cleaned, { depth: Infinity, showHidden: true })} ${JSON.stringify(cleaned)} ${(cleaned as Error).stack}`;
        expect(text).not.to.match(/hxrs|bxtt/);
      }
    });

    it('ends with causes that go in a circle', () => {
      const error = new Error(`first ${PASSWORD}`);
      error.cause = new Error('second', { cause: error });
      expect(inspect(credentials.clean(error), { depth: Infinity })).not.to.include('hxrs');
    });

    it('takes no other thing than errors and texts', () => {
      expect([
        credentials.clean(undefined),
        credentials.clean(7),
        credentials.clean({ password: PASSWORD }),
        credentials.clean(PASSWORD),
      ]).to.deep.equal([undefined, 7, undefined, HIDDEN]);
    });
  });
});
