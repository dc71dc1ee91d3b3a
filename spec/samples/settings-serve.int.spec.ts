import { expect } from 'chai';
import { USAGE } from '../../samples/settings/command-line.js';
import { MAXIMUM_BODY_BYTES } from '../../samples/settings/settings-app.js';
import { RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';
import { ask } from './ask.js';
import { isListening, SampleRun } from './sample-run.js';
import { expectRefusal, expectSuccess, sampleRuns } from './sample-runs.js';

const TOKEN = 't0ken-of-the-specs';
const NAMES = ['server-1', 'server-2', 'server-3'];

const put = (body: unknown, headers: Record<string, string> = { authorization: `Bearer ${TOKEN}` }): RequestInit => ({
  method: 'PUT',
  headers,
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

const remove = (headers: Record<string, string> = { authorization: `Bearer ${TOKEN}` }): RequestInit => ({ method: 'DELETE', headers });

const SERVE = ['--serve', '--port', '0'];

/** The addresses of the three servers, as they are printed. */
async function addresses(run: SampleRun): Promise<readonly string[]> {
  await run.printed('Ctrl-C ends them.');
  const lines = [...run.output.matchAll(/^ {2}(server-\d) {2}(http:\/\/127\.0\.0\.1:\d+)$/gm)];
  expect(lines.map(([, name]) => name)).to.deep.equal(NAMES);
  return lines.map(([, , url]) => String(url));
}

/** What every server answers from its board, once it vouches for it. */
async function boards(urls: readonly string[], name: string): Promise<readonly unknown[]> {
  const answers = await Promise.all(urls.map((url) => ask(`${url}/settings/${name}`)));
  return answers.map(({ headers, body }) => (headers.get('x-live') === 'true' ? body : 'in doubt'));
}

const cached = (urls: readonly string[], name: string): Promise<readonly unknown[]> =>
  Promise.all(urls.map(async (url) => (await ask(`${url}/cached-settings/${name}`)).body));

const three = (value: unknown): readonly unknown[] => [value, value, value];

/** Waits until every server answers this, in both ways. */
const everywhere = (urls: readonly string[], setting: { readonly name: string; readonly value: unknown; readonly version: number }) =>
  waitFor(
    async () => {
      const answers = [...(await boards(urls, setting.name)), ...(await cached(urls, setting.name))];
      return answers.every((answer) => JSON.stringify(answer) === JSON.stringify(setting));
    },
    { what: `${JSON.stringify(setting)} on all servers`, everyMs: 20 },
  );

for (const redis of ['none', 'program'] as const) {
  describe(`samples/settings --serve, ${redis === 'none' ? 'without Redis' : 'on a private Redis'}`, function () {
    this.timeout(120_000);
    this.retries(2); // Its processes run in real time: where the machine stands still, leases lapse.

    let run: SampleRun;
    let urls: readonly string[];

    before(async () => {
      run = new SampleRun('settings', SERVE, redis, { SETTINGS_ADMIN_TOKEN: TOKEN });
      urls = await addresses(run);
    });

    after(() => run.remove());

    it('has every setting on every board, up to date beyond doubt', async () => {
      const initial = [
        { name: 'banner', value: '', version: 1 },
        { name: 'maintenance', value: false, version: 1 },
        { name: 'page-size', value: 20, version: 1 },
      ];
      const answers = await Promise.all(urls.map((url) => ask(`${url}/settings`)));
      expect(answers.map(({ status, headers, body }) => [status, headers.get('x-live'), headers.get('x-server'), body])).to.deep.equal(
        NAMES.map((name) => [200, 'true', name, initial]),
      );
    });

    for (const how of ['evict', 'put']) {
      it(`has a change by ?cache=${how} on one server in force on all, in both ways`, async () => {
        const { version } = (await cached(urls, 'banner'))[2] as { version: number }; // All of them hold the old one now.
        const value = `Closed by ${how}`;
        const { status, body } = await ask(`${urls[1]}/admin/settings/banner?cache=${how}`, put({ value }));
        const setting = { name: 'banner', value, version: version + 1 };
        expect({ status, body }).to.deep.equal({ status: 200, body: { ...setting, pending: [] } });
        await everywhere(urls, setting);
      });
    }

    it('has a setting dropped by DELETE on one server from the caches of all', async () => {
      const known = await cached(urls, 'maintenance');
      await Promise.all(urls.map((url) => ask(`${url}/recent-settings/maintenance`)));
      const { status, body } = await ask(`${urls[1]}/admin/cached-settings/maintenance`, remove());
      expect({ status, body }).to.deep.equal({ status: 200, body: { name: 'maintenance', pending: [] } });
      for (const path of ['cached-settings', 'recent-settings']) {
        const { headers, body } = await ask(`${urls[1]}/${path}/maintenance`); // It hears of its own eviction at once.
        expect([headers.get('x-cache'), body]).to.deep.equal(['database', known[1]]);
      }
    });

    it('takes what curl calls a form', async () => {
      const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/x-www-form-urlencoded' };
      const { status, body } = await ask(`${urls[0]}/admin/settings/page-size`, put({ value: 500 }, headers));
      expect({ status, body }).to.deep.equal({ status: 200, body: { name: 'page-size', value: 500, version: 2, pending: [] } });
    });

    const path = '/admin/settings/maintenance';
    const unknown = (name: string): string => `There is no setting '${name}'. There are: banner, maintenance, page-size.`;
    const size = "Expected the value of 'page-size' to be a whole number from 1 to 500.";
    const nothing = 'There is nothing here. Try /settings or /settings/banner.';
    const admin = 'This takes the token of an administrator.';
    const refused: readonly (readonly [what: string, path: string, init: RequestInit, status: number, error: string | RegExp])[] = [
      ['no token', path, put({ value: true }, {}), 401, admin],
      ['another token', path, put({ value: true }, { authorization: 'Bearer t0ken' }), 401, admin],
      ['another scheme', path, put({ value: true }, { authorization: `Basic ${TOKEN}` }), 401, admin],
      ['no token, whatever the body is', path, put('{', {}), 401, admin],
      ['an unknown setting', '/admin/settings/colour', put({ value: true }), 400, unknown('colour')],
      ['a name of every object', '/admin/settings/constructor', put({ value: true }), 400, unknown('constructor')],
      ['a string for a boolean', path, put({ value: 'true' }), 400, "Expected the value of 'maintenance' to be true or false."],
      ['null', path, put({ value: null }), 400, "Expected the value of 'maintenance' to be true or false."],
      ['a fraction', '/admin/settings/page-size', put({ value: 1.5 }), 400, size],
      ['a number in words', '/admin/settings/page-size', put({ value: '20' }), 400, size],
      ['a number out of range', '/admin/settings/page-size', put({ value: 501 }), 400, size],
      [
        'a long banner',
        '/admin/settings/banner',
        put({ value: 'x'.repeat(201) }),
        400,
        "Expected the value of 'banner' to be a string of at most 200 characters.",
      ],
      ['no value', path, put({}), 400, 'Expected a JSON object with a `value`.'],
      ['an array', path, put([true]), 400, 'Expected a JSON object with a `value`.'],
      ['no body', path, { method: 'PUT', headers: { authorization: `Bearer ${TOKEN}` } }, 400, 'Expected a JSON object with a `value`.'],
      ['a body that is no JSON', path, put('{'), 400, /JSON/],
      ['a body that is too large', path, put('x'.repeat(MAXIMUM_BODY_BYTES + 1)), 413, /too large/],
      ['another way with the cache', `${path}?cache=keep`, put({ value: true }), 400, 'Expected `cache` to be evict or put.'],
      ['an unknown setting on the board', '/settings/colour', {}, 404, unknown('colour')],
      ['an unknown setting in the cache', '/cached-settings/__proto__', {}, 404, unknown('__proto__')],
      ['an unknown setting among the recent ones', '/recent-settings/colour', {}, 404, unknown('colour')],
      ['a DELETE without token', '/admin/cached-settings/maintenance', remove({}), 401, admin],
      ['a DELETE of an unknown setting', '/admin/cached-settings/colour', remove(), 400, unknown('colour')],
      ['a path nobody knows', '/books', {}, 404, nothing],
      ['a change past the administrators', '/settings/maintenance', put({ value: true }), 404, nothing],
    ];
    for (const [what, path, init, status, error] of refused) {
      it(`answers ${status} to ${what}`, async () => {
        const answer = await ask(`${urls[0]}${path}`, init);
        expect(answer.status).to.equal(status);
        expect(Object.keys(answer.body)).to.deep.equal(['error']);
        if (typeof error === 'string') expect(answer.body.error).to.equal(error);
        else expect(answer.body.error).to.match(error);
        expect(answer.headers.get('www-authenticate')).to.equal(status === 401 ? 'Bearer' : null);
      });
    }

    it('has changed nothing by what it refused', async () => {
      const maintenance = { name: 'maintenance', value: false, version: 1 };
      expect([await boards(urls, 'maintenance'), await cached(urls, 'maintenance')]).to.deep.equal([
        three(maintenance),
        three(maintenance),
      ]);
      expect((await ask(`${urls[0]}/settings/page-size`)).body.value).to.equal(500);
    });

    it('is healthy, and ends on Ctrl-C with everything it started', async () => {
      const health = await Promise.all(urls.map((url) => ask(`${url}/health`)));
      expect(health.map(({ status, body }) => [status, body.server, body.status])).to.deep.equal(NAMES.map((name) => [200, name, 'up']));
      const ports = urls.map((url) => Number(new URL(url).port));
      if (redis === 'program') ports.push(Number(/a private redis-server on port (\d+)/.exec(run.output)?.[1]));

      run.interrupt();
      expect(await run.end).to.deep.equal({ code: 0, signal: null });
      expect(run.errors).to.equal('');
      expect(run.output).not.to.include(TOKEN); // It is the user's own: they know it.
      expect(await Promise.all(ports.map(isListening))).to.deep.equal(ports.map(() => false));
      expect(run.leftovers).to.deep.equal([]);
    });
  });
}

describe('samples/settings --serve, when its Redis dies and comes back', function () {
  this.timeout(120_000);
  this.retries(2); // Its processes run in real time: where the machine stands still, leases lapse.

  it('saves what it is told meanwhile, says what it cannot vouch for, and has it in force everywhere afterwards', async () => {
    const server = await RedisServer.start();
    const run = new SampleRun('settings', SERVE, { url: server.url }, { SETTINGS_ADMIN_TOKEN: TOKEN });
    try {
      const urls = await addresses(run);
      const old = { name: 'page-size', value: 20, version: 1 };
      await everywhere(urls, old);
      await server.kill();
      await waitFor(async () => (await boards(urls, 'page-size')).every((answer) => answer === 'in doubt'), {
        what: 'doubt on all boards',
      });

      const { status, body } = await ask(`${urls[0]}/admin/settings/page-size`, put({ value: 30 }));
      const saved = { name: 'page-size', value: 30, version: 2 };
      expect({ status, body }).to.deep.equal({ status: 202, body: { ...saved, pending: ['cache', 'topic'] } });
      // The board of the one that saved it knows; the others have the old value. Through the cache all answer from the database.
      expect(await Promise.all(urls.map(async (url) => (await ask(`${url}/settings/page-size`)).body))).to.deep.equal([saved, old, old]);
      expect(await cached(urls, 'page-size')).to.deep.equal(three(saved));

      await server.restart();
      await everywhere(urls, saved);
      const next = await ask(`${urls[2]}/admin/settings/page-size`, put({ value: 40 }));
      expect(next.status).to.equal(200);
      await everywhere(urls, { name: 'page-size', value: 40, version: 3 });
    } finally {
      run.interrupt();
      const end = await run.end;
      await run.remove();
      await server.stop();
      expect(end).to.deep.equal({ code: 0, signal: null });
    }
  });
});

describe('the command line of samples/settings', function () {
  this.timeout(120_000);
  this.retries(2); // Its processes run in real time: where the machine stands still, leases lapse.

  const start = sampleRuns('settings');

  it('is explained by --help', async () => {
    const run = start('none', ['--help']);
    await expectSuccess(run);
    expect(run.output).to.equal(`${USAGE}\n`);
    expect(USAGE.split('\n').filter((line) => line.length > 100)).to.deep.equal([]);
  });

  it('refuses an option it does not know, and a port that is none, and starts nothing', async () => {
    await expectRefusal(start('none', ['--sevre']), "Unknown option '--sevre'", USAGE);
    const complaint = "Expected --port to be 0 or a port from 1 to 65533, got '65534'.";
    await expectRefusal(start('none', ['--port', '65534']), complaint, USAGE);
  });

  it('makes up a token where the environment has none, and tells it, as nobody else could', async () => {
    const run = start('none', SERVE, { SETTINGS_ADMIN_TOKEN: '' });
    const [url] = await addresses(run);
    const token = /authorization: Bearer ([\w-]{24})"/.exec(run.output)?.[1];
    expect((await ask(`${url}/admin/settings/banner`, put({ value: '' }, { authorization: 'Bearer ' }))).status).to.equal(401);
    const { status } = await ask(`${url}/admin/settings/banner`, put({ value: 'Hello' }, { authorization: `Bearer ${token}` }));
    expect(status).to.equal(200);
  });
});
