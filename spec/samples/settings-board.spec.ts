import { expect } from 'chai';
import { createClient } from '@libsql/client';
import { Notifier } from '../../samples/settings/notifier.js';
import type { SettingsNotice } from '../../samples/settings/server-notice.js';
import type { Setting } from '../../samples/settings/setting.js';
import { SETTINGS_TOPIC, SettingsBoard } from '../../samples/settings/settings-board.js';
import { SettingsStore } from '../../samples/settings/settings-store.js';
import { waitFor } from '../support/wait.js';

/** A table that answers when it is told to. */
class SlowStore extends SettingsStore {
  readonly asked: ((rows: readonly Setting[]) => void)[] = [];

  constructor() {
    super(createClient({ url: ':memory:' }));
  }

  override findAll(): Promise<readonly Setting[]> {
    return new Promise((resolve) => this.asked.push(resolve));
  }
}

describe(SettingsBoard.name, () => {
  const subscribed = { endpoint: 'redis:6379', topics: [SETTINGS_TOPIC], epoch: 0 };
  const lost = { link: 'subscriber', endpoint: 'redis:6379' };
  const banner = (version: number): Setting => ({ name: 'banner', value: `v${version}`, version });
  const message = (setting: unknown) => ({ channel: SETTINGS_TOPIC, body: JSON.stringify(setting) });

  let store: SlowStore;
  let notices: SettingsNotice[];
  let board: SettingsBoard;

  beforeEach(() => {
    store = new SlowStore();
    notices = [];
    board = new SettingsBoard(store, new Notifier((notice) => notices.push(notice)));
  });

  afterEach(() => {
    board.close();
    store.close();
  });

  it('vouches for itself once it has read the table on a subscription, and not before', async () => {
    expect(board.isLive).to.be.false;
    const loading = board.onSubscribed(subscribed);
    expect(board.isLive).to.be.false;
    store.asked[0]?.([banner(3)]);
    await loading;
    expect([board.isLive, board.get('banner')]).to.deep.equal([true, banner(3)]);
  });

  it('keeps the newer of what is told and what is read, in either order', async () => {
    const loading = board.onSubscribed(subscribed);
    board.onMessage(message(banner(4))); // Told while the table is being read.
    store.asked[0]?.([banner(3)]);
    await loading;
    expect(board.get('banner')).to.deep.equal(banner(4));
    board.onMessage(message(banner(2)));
    expect(board.get('banner')).to.deep.equal(banner(4));
    board.onMessage(message(banner(5)));
    expect(board.get('banner')).to.deep.equal(banner(5));
  });

  it('does not vouch for what it read on a subscription that was lost meanwhile', async () => {
    const loading = board.onSubscribed(subscribed);
    board.onLost(lost);
    store.asked[0]?.([banner(3)]);
    await loading;
    expect([board.isLive, board.get('banner')]).to.deep.equal([false, banner(3)]); // Better than nothing.
    const again = board.onSubscribed({ ...subscribed, epoch: 1 });
    store.asked[1]?.([banner(4)]);
    await again;
    expect([board.isLive, board.get('banner')]).to.deep.equal([true, banner(4)]);
  });

  it('reads the table again until it can', async () => {
    let failures = 1;
    const failing = new (class extends SlowStore {
      override findAll(): Promise<readonly Setting[]> {
        return failures-- > 0 ? Promise.reject(new Error('The database is away.')) : Promise.resolve([banner(3)]);
      }
    })();
    const complained: unknown[] = [];
    const { error } = console;
    console.error = (...args: unknown[]) => complained.push(...args);
    try {
      const recovering = new SettingsBoard(failing, new Notifier(() => undefined));
      const loading = recovering.onSubscribed(subscribed);
      await waitFor(() => recovering.isLive, { what: 'the second reading' });
      await loading;
    } finally {
      console.error = error;
      failing.close();
    }
    expect(complained.map(String)).to.deep.equal(['Error: The database is away.']);
  });

  it('does not vouch for itself without proof that messages arrive, and does again with it', async () => {
    const loading = board.onSubscribed(subscribed);
    store.asked[0]?.([banner(3)]);
    await loading;
    board.onBypass({ cache: 'settings', active: true });
    expect(board.isLive).to.be.false;
    board.onBypass({ cache: 'settings', active: false });
    expect(board.isLive).to.be.true;
    board.onBypass({ cache: 'brief-settings', active: true }); // It comes and goes with that of the other cache.
    expect(board.isLive).to.be.true;
    board.onLost({ ...lost, link: 'command' }); // Messages come by the other one.
    expect(board.isLive).to.be.true;
    expect(notices.filter(({ kind }) => kind === 'live').map((notice) => 'isLive' in notice && notice.isLive)).to.deep.equal([
      true,
      false,
      true,
    ]);
  });

  for (const [what, body] of [
    ['no JSON', 'banner'],
    ['null', 'null'],
    ['a setting without version', '{"name":"banner","value":"Closed"}'],
    ['an unknown setting', '{"name":"colour","value":"red","version":9}'],
    ['a value of the wrong type', '{"name":"banner","value":7,"version":9}'],
  ] as const) {
    it(`takes nothing from ${what}, and says so`, () => {
      expect(() => board.onMessage({ channel: SETTINGS_TOPIC, body })).to.throw();
      expect([board.all(), notices]).to.deep.equal([[], []]);
    });
  }
});
