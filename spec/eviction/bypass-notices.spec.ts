import { expect } from 'chai';
import { CacheEvents } from '../../lib/event/index.js';
import { BypassNotices } from '../../lib/eviction/bypass-notices.js';

describe(BypassNotices.name, () => {
  it('tells of the first lease that is over and of the last that holds again, of each cache by itself', () => {
    const events = new CacheEvents();
    const told: string[] = [];
    events.on('bypass', ({ cache, active }) => void told.push(`${cache} ${active}`));
    const notices = new BypassNotices(events);
    notices.tell('book', true);
    notices.tell('book', true);
    notices.tell('author', true);
    notices.tell('book', false);
    expect(told).to.deep.equal(['book true', 'author true']);
    notices.tell('book', false);
    notices.tell('author', false);
    notices.tell('book', true);
    expect(told.slice(2)).to.deep.equal(['book false', 'author false', 'book true']);
  });
});
