import { expect } from 'chai';
import { majorityOf } from '../../lib/redis/majority.js';

const never = new Promise<never>(() => undefined);

describe(majorityOf.name, () => {
  it('waits for no more than most of those asked', async () => {
    expect(await majorityOf([Promise.resolve(1), never, Promise.resolve(2)])).to.deep.equal({ answers: [1, 2], failures: [] });
    expect(await majorityOf([Promise.resolve(1)])).to.deep.equal({ answers: [1], failures: [] });
  });

  it('waits for all when most cannot answer', async () => {
    const [first, second] = [new Error('first'), new Error('second')];
    const heard = await majorityOf([Promise.reject(first), Promise.resolve(1), Promise.reject(second)]);
    expect(heard).to.deep.equal({ answers: [1], failures: [first, second] });
    expect(await majorityOf([])).to.deep.equal({ answers: [], failures: [] });
  });

  it('is not changed by what comes later', async () => {
    let late: (value: number) => void = () => undefined;
    const heard = await majorityOf([Promise.resolve(1), Promise.resolve(2), new Promise<number>((resolve) => (late = resolve))]);
    late(3);
    await Promise.resolve();
    await Promise.resolve();
    expect(heard.answers).to.deep.equal([1, 2]);
  });
});
