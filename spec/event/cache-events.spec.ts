import { expect } from 'chai';
import { CacheEvents } from '../../lib/event/index.js';

describe(CacheEvents.name, () => {
  const bypass = { cache: 'book', active: true } as const;
  let events: CacheEvents;
  let heard: unknown[];

  beforeEach(() => {
    events = new CacheEvents();
    heard = [];
  });

  it('tells every listener of this event, in the order of registration', () => {
    events.on('bypass', (event) => heard.push(['one', event]));
    events.on('bypass', (event) => heard.push(['two', event]));
    events.on('breaker', () => heard.push('other'));
    events.emit('bypass', bypass);
    expect(heard).to.deep.equal([['one', bypass], ['two', bypass]]); // prettier-ignore
  });

  it('tells nobody who has ended listening, be it during an event', () => {
    const end = events.on('bypass', () => heard.push('never'));
    end();
    end();
    const endLater = events.on('bypass', () => (heard.push('once'), endLater()));
    events.on('bypass', () => heard.push('always'));
    events.emit('bypass', bypass);
    events.emit('bypass', bypass);
    expect(heard).to.deep.equal(['once', 'always', 'always']);
  });

  it('reports a listener that throws, and tells the others all the same', () => {
    const thrown = new Error('listener');
    events.on('error', (event) => heard.push(event));
    events.on('bypass', () => {
      throw thrown;
    });
    events.on('bypass', () => heard.push('told'));
    events.emit('bypass', bypass);
    expect(heard).to.deep.equal([{ where: "listener of 'bypass'", error: thrown }, 'told']);
  });

  it('survives an error that nobody hears, and a listener of errors that throws', () => {
    events.emit('error', { where: 'spec', error: new Error('unheard') });
    events.on('error', () => {
      throw new Error('again');
    });
    events.on('error', ({ where }) => heard.push(where));
    events.emit('error', { where: 'spec', error: undefined });
    expect(heard).to.deep.equal(['spec']);
  });

  it('says whether anybody listens', () => {
    expect(events.has('bypass')).to.equal(false);
    const end = events.on('bypass', () => undefined);
    expect([events.has('bypass'), events.has('breaker')]).to.deep.equal([true, false]);
    end();
    expect(events.has('bypass')).to.equal(false);
  });

  it('forgets everybody on close', () => {
    events.on('bypass', () => heard.push('never'));
    events.close();
    events.emit('bypass', bypass);
    expect([heard, events.has('bypass')]).to.deep.equal([[], false]);
  });
});
