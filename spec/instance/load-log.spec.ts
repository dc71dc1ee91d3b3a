import { expect } from 'chai';
import type { CachingOptions } from '../../lib/index.js';
import { type CacheInstance, createInstance } from '../../lib/instance/cache-instance.js';
import { LoadLog } from '../../lib/instance/load-log.js';
import { FakeClock } from '../support/fake-clock.js';
import { waitFor } from '../support/wait.js';

const QUIET = 10_000;
const STALE = "warn: Cache 'book': a load failed, and a value whose life had ended was served in its place: the database is away.";
const KEPT = "warn: Cache 'book': a load in the background failed, and the value before is still served: the database is away.";
const WELL = "info: Cache 'book': its loads succeed again.";
const failure = new Error('the database is away');

describe(LoadLog.name, () => {
  let clock: FakeClock;
  let lines: string[];
  let succeeded: number;
  let log: LoadLog;

  beforeEach(() => {
    clock = new FakeClock();
    lines = [];
    succeeded = 7;
    log = new LoadLog({ clock, succeeded: () => succeeded, say: (level, line) => void lines.push(`${level}: ${line}`) });
  });

  afterEach(() => log.end());

  it('says each kind of trouble of a cache once, with the first reason', () => {
    for (let i = 0; i < 3; i += 1) {
      log.failed('refresh failed', 'book', failure);
      log.failed('served stale', 'book', i === 0 ? failure : new Error('another'));
    }
    expect(lines).to.deep.equal([KEPT, STALE]);
    log.failed('served stale', 'author', failure);
    expect(lines).to.have.length(3);
  });

  it('says that loads succeed again when one has, and none has failed for a while; then all is told anew', () => {
    log.failed('served stale', 'book', failure);
    log.look();
    clock.advance(QUIET);
    log.look();
    expect(lines, 'nobody has loaded').to.deep.equal([STALE]);
    succeeded += 1;
    log.look();
    expect(lines).to.deep.equal([STALE, WELL]);
    log.look();
    log.failed('served stale', 'book', failure);
    expect(lines).to.deep.equal([STALE, WELL, STALE]);
  });

  it('says nothing of a method that fails now and then', () => {
    for (let i = 0; i < 10; i += 1) {
      log.failed('served stale', 'book', failure);
      log.look();
      succeeded += 1;
      clock.advance(QUIET - 1);
      log.look();
    }
    expect(lines).to.deep.equal([STALE]);
  });

  it('counts anew after a reset of the statistics', () => {
    log.failed('served stale', 'book', failure);
    log.look();
    succeeded = 0;
    clock.advance(QUIET);
    log.look();
    expect(lines).to.deep.equal([STALE]);
    succeeded = 1;
    log.look();
    expect(lines).to.deep.equal([STALE, WELL]);
  });

  describe('of an instance', () => {
    let instance: CacheInstance;
    let told: string[];

    afterEach(() => instance.stop());

    const start = async (book: NonNullable<CachingOptions['caches']>[string]): Promise<void> => {
      told = [];
      const logger = {
        info: (line: string) => void told.push(`info: ${line}`),
        warn: (line: string) => void told.push(`warn: ${line}`),
        error: (line: string) => void told.push(`error: ${line}`),
      };
      instance = createInstance({ logger, clock, caches: { book } });
      await instance.start();
    };

    it('tells of both, and that they are over', async () => {
      clock = new FakeClock();
      await start({ tiers: 'local', whenDisconnected: 'serve', ttl: '10s', refreshAfter: '5s', staleIfError: '1h' });
      const cache = instance.manager.getCache('book')!;
      let isAway = false;
      const load = (): number => {
        if (isAway) throw failure;
        return 1;
      };
      await cache.getOrLoad('Dune', load);
      isAway = true;
      clock.advance(6_000);
      expect(await cache.getOrLoad('Dune', load)).to.equal(1);
      await waitFor(() => told.length === 1, { what: 'the line about the refresh' });
      clock.advance(6_000);
      expect(await cache.getOrLoad('Dune', load)).to.equal(1);
      const named = (line: string): string => line.replace(': Cache', ': inversify-cache: Cache');
      expect(told).to.deep.equal([named(KEPT), named(STALE)]);
      isAway = false;
      await waitFor(
        async () => {
          clock.advance(1_000);
          await cache.getOrLoad('Dune', load);
          return told.length > 2;
        },
        { what: 'the line that loads succeed' },
      );
      expect(told.slice(2)).to.deep.equal([named(WELL)]);
    });
  });
});
