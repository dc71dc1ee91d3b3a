import { expect } from 'chai';
import { MessagePublisher, type PubSubTransport } from '../../lib/topic/index.js';
import type { Setting } from '../../samples/settings/setting.js';
import { SettingsAnnouncer } from '../../samples/settings/settings-announcer.js';
import { waitFor } from '../support/wait.js';

describe(SettingsAnnouncer.name, () => {
  const banner = (version: number): Setting => ({ name: 'banner', value: `v${version}`, version });
  const size: Setting = { name: 'page-size', value: 30, version: 2 };

  let isAway: boolean;
  let refusals: number;
  let taken: Setting[];
  let announcer: SettingsAnnouncer;

  beforeEach(() => {
    isAway = true;
    refusals = 0;
    taken = [];
    const broker: Pick<PubSubTransport, 'endpoint' | 'publish'> = {
      endpoint: 'redis:6379',
      publish: async (_channel, body) => {
        if (isAway) {
          refusals += 1;
          throw new Error('The connection is closed.');
        }
        return taken.push(JSON.parse(body) as Setting);
      },
    };
    announcer = new SettingsAnnouncer(new MessagePublisher(broker as PubSubTransport));
  });

  afterEach(() => announcer.close());

  it('tells what could not be told again and again until it is taken: of each setting the newest', async () => {
    expect([await announcer.announce(banner(2)), await announcer.announce(banner(3)), await announcer.announce(size)]).to.deep.equal([
      false,
      false,
      false,
    ]);
    await waitFor(() => refusals >= 5, { what: 'another attempt, for both' });
    expect(taken).to.deep.equal([]);
    isAway = false;
    await waitFor(() => taken.length === 2, { what: 'both to be taken' });
    expect(taken).to.deep.equal([banner(3), size]);
  });

  it('does not tell again what a newer one has made old', async () => {
    await announcer.announce(banner(2));
    isAway = false;
    expect(await announcer.announce(banner(3))).to.be.true;
    expect(await announcer.announce(size)).to.be.true;
    isAway = true;
    await announcer.announce(size);
    isAway = false;
    await waitFor(() => taken.length === 3, { what: 'the second one of page-size' });
    expect(taken).to.deep.equal([banner(3), size, size]);
  });

  it('stops when it is closed', async () => {
    await announcer.announce(banner(2)); // A timer that were left would keep the run from ending, which fails it.
    announcer.close();
    expect(await announcer.announce(banner(3))).to.be.false;
  });
});
