import { expect } from 'chai';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { CACHE_EVENT_NAMES, type CacheEventMap, CacheEvents, diagnosticsChannelName } from '../../lib/event/index.js';

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

  it('reports a listener whose promise rejects, but not without end', async () => {
    const rejection = Promise.reject(new Error('later'));
    events.on('error', (event) => {
      heard.push(event);
      return rejection as never;
    });
    events.on('bypass', () => rejection as never);
    events.emit('bypass', bypass);
    const error = await rejection.catch((reason: unknown) => reason);
    await Promise.resolve();
    expect(heard).to.deep.equal([{ where: "listener of 'bypass'", error }]);
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

  describe('diagnostics channel', () => {
    it('carries every event, with the name of the instance', () => {
      const noted: unknown[] = [];
      const note = (message: unknown, name: string | symbol): void => void noted.push([name, message]);
      for (const name of CACHE_EVENT_NAMES) subscribe(diagnosticsChannelName(name), note);
      try {
        const one = new CacheEvents({ instanceId: 'one' });
        for (const name of CACHE_EVENT_NAMES) one.emit(name, { name } as unknown as CacheEventMap[typeof name]);
        expect(noted).to.deep.equal(CACHE_EVENT_NAMES.map((name) => [`inversify-cache:${name}`, { instanceId: 'one', event: { name } }]));
        expect(events.has('bypass'), 'somebody listens there').to.equal(true);
      } finally {
        for (const name of CACHE_EVENT_NAMES) unsubscribe(diagnosticsChannelName(name), note);
      }
      expect(events.has('bypass')).to.equal(false);
    });
  });

  describe('trace', () => {
    const step = { cache: 'book', step: 'load', keys: ['Dune'] } as const;

    it('runs the step as it is while nobody watches', () => {
      expect(events.trace(step, () => 'value')).to.equal('value');
    });

    it('runs the step under the tracer', async () => {
      events.tracer = { trace: async (traced, action) => (heard.push(traced), action()) };
      expect(await events.trace(step, () => 'value')).to.equal('value');
      expect(heard).to.deep.equal([step]);
    });
  });
});
