import { expect } from 'chai';
import { type FleetMessage, type FleetPort, FleetWatch, formatFleetMessage, type InstanceStatus } from '../../lib/fleet/index.js';
import { FakeClock } from '../support/fake-clock.js';
import { turn } from '../support/promises.js';

const status = (id: string, more: Partial<InstanceStatus> = {}): FleetMessage => ({
  kind: 'status',
  from: id,
  status: { id, namespace: 'n', host: 'h', pid: 1, startedAt: 1, at: 1, boundMs: 1_000, status: 'up', links: {}, caches: {}, ...more },
});

describe(FleetWatch.name, () => {
  let clock: FakeClock;
  let answer: (body: string) => void;
  let failures: string[];
  let watch: FleetWatch;
  let heard: string[];

  const say = (message: FleetMessage): void => answer(formatFleetMessage(message));
  const names = (): string[] => watch.instances().map(({ status: { id } }) => id);

  beforeEach(async () => {
    clock = new FakeClock();
    [failures, heard] = [[], []];
    const port: FleetPort = {
      ask: () => Promise.resolve(0),
      listen: (given) => {
        answer = given;
        return Promise.resolve(() => Promise.resolve());
      },
    };
    watch = new FleetWatch({ port, clock, failed: (where, error) => failures.push(`${where}: ${(error as Error).message}`) });
    watch.watch({ onStatus: ({ id }) => heard.push(id) });
    await turn();
  });

  afterEach(() => watch.stop());

  it('tells once per reason of what means nothing, however much arrives', () => {
    for (let i = 0; i < 10_000; i += 1) for (const body of [`x${i}`, `{"v":1,"kind":"x${i}","from":"a","malformed":"x${i}"}`]) answer(body);
    expect(failures).to.deep.equal(['a message of the fleet: unknown head', 'a message of the fleet: unknown kind']);
  });

  it('follows a thousand instances, and others once those are silent for long', () => {
    for (let i = 0; i < 3_000; i += 1) say(status(`forged-${i}`));
    expect(names().length).to.equal(1_000);
    expect(heard.length, 'of the others nobody is told').to.equal(1_000);
    say(status('honest'));
    expect(names()).to.not.include('honest');
    clock.advance(120_001);
    say(status('honest'));
    expect(names()).to.deep.equal(['honest']);
  });

  it('goes on to follow those it knows while others press in', () => {
    say(status('honest'));
    for (let i = 0; i < 3_000; i += 1) say(status(`forged-${i}`));
    clock.advance(1_000);
    say(status('honest', { at: 7 }));
    expect(watch.instances().find(({ status: { id } }) => id === 'honest'))
      .to.include({ agoMs: 0 })
      .and.nested.include({ 'status.at': 7 });
  });

  it('keeps a bounded amount of what instances tell', () => {
    const figures = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`figure-${i}`, 'x'.repeat(250)]));
    const cache = { status: 'up', isServing: true, statistics: figures } as const;
    const caches = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`cache-${i}`, cache]));
    const template = formatFleetMessage(status('forged', { caches }));
    const body = (i: number): string => template.replaceAll('forged', `forged-${i}`);
    expect(body(0).length).to.be.greaterThan(230_000);
    for (let i = 0; i < 320; i += 1) answer(body(i));
    const followed = names().length;
    expect(followed).to.be.within(200, 300);
    for (let i = 0; i < 320; i += 1) answer(body(i));
    expect(names().length, 'those that are replaced take no more').to.equal(followed);
    say({ kind: 'gone', from: 'forged-0' });
    say(status('honest'));
    expect(names()).to.include('honest').and.not.include('forged-0');
  });

  it('lists names in an order that people expect', () => {
    for (const id of ['server-10', 'server-9', 'server-1']) say(status(id));
    expect(names()).to.deep.equal(['server-1', 'server-9', 'server-10']);
  });
});
