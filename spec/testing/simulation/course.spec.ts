import { expect } from 'chai';
import { VirtualClock } from '../../../lib/testing/index.js';
import { Course } from '../../../lib/testing/simulation/course.js';
import { randomOf } from '../../../lib/testing/simulation/random.js';

describe(Course.name, () => {
  let clock: VirtualClock;
  let told: string[];

  beforeEach(() => {
    clock = new VirtualClock();
    told = [];
  });

  const courseOf = (seed: number): Course => {
    const random = randomOf(seed);
    return new Course(
      clock,
      (count) => (seed === 0 ? 0 : Math.floor(random() * count)),
      (line) => told.push(line),
    );
  };

  /** The order in which ten hops arrive that set out together. */
  const orderOf = async (seed: number): Promise<string> => {
    const course = courseOf(seed);
    told = [];
    for (let i = 0; i < 10; i += 1) void course.schedule(Promise.resolve(), String(i));
    await course.settle();
    return told.join('');
  };

  it('lets hops arrive in an order that the seed decides, the same each time', async () => {
    expect(await orderOf(0)).to.equal('0123456789');
    expect(await orderOf(7)).to.equal(await orderOf(7));
    expect(await orderOf(7)).to.not.equal(await orderOf(8));
  });

  it('settles all that follows from a hop before the next one', async () => {
    const course = courseOf(0);
    const lines: string[] = [];
    const walk = async (name: string): Promise<void> => {
      await course.schedule(Promise.resolve());
      for (let i = 0; i < 20; i += 1) await Promise.resolve();
      lines.push(name);
      await course.schedule(Promise.resolve());
      lines.push(name.toUpperCase());
    };
    await Promise.all([walk('a'), walk('b'), course.settle()]);
    expect(lines).to.deep.equal(['a', 'b', 'A', 'B']);
  });

  it('lets no time pass while nobody waits for a timer', async () => {
    const course = courseOf(0);
    let hasRung = false;
    clock.timers.after(10, () => (hasRung = true));
    await course.settle();
    await course.call(course.schedule(Promise.resolve()));
    expect([hasRung, clock.now()]).to.deep.equal([false, 0]);
  });

  it('lets time pass for a call that waits for a timer, and no further', async () => {
    const course = courseOf(0);
    clock.timers.after(5_000, () => undefined).unref();
    await course.call(clock.sleep('2s'));
    await course.settle();
    expect(clock.now()).to.equal(2_000);
  });

  it('does not let it pass for a timer that nobody counts on', async () => {
    const course = courseOf(0);
    clock.timers.every(250, () => undefined).unref();
    void course.call(new Promise(() => undefined));
    await course.settle();
    for (let i = 0; i < 20; i += 1) await new Promise(setImmediate);
    expect(clock.now()).to.equal(0);
  });

  it('waits for a method that waits for something real, before time passes', async () => {
    const course = courseOf(0);
    const { promise, resolve } = withResolvers();
    const method = course.method(promise);
    setImmediate(resolve);
    const late = clock.sleep('1s').then(() => 'late');
    expect(await course.call(Promise.race([method.then(() => `at ${clock.now()}`), late]))).to.equal('at 0');
    await course.elapse(1_000);
    await late;
  });

  it('stops turning when a method never ends', async () => {
    const course = courseOf(0);
    void course.call(course.method(new Promise<void>(() => undefined)));
    await course.settle();
    await course.elapse(10);
    expect(clock.now()).to.equal(10);
  });

  it('rings timers in their turn while time elapses, and elapses twice if it is told to twice', async () => {
    const course = courseOf(0);
    const lines: string[] = [];
    clock.timers.every(10, () => void course.schedule(Promise.resolve(), 'a hop').then(() => lines.push(`${clock.now()}`)));
    await Promise.all([course.elapse(10), course.elapse(20)]);
    expect(lines).to.deep.equal(['10', '20', '30']);
    expect(clock.now()).to.equal(30);
  });
});

function withResolvers(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve!: () => void;
  return { promise: new Promise<void>((done) => (resolve = done)), resolve };
}
