import { expect } from 'chai';
import { TransientMap } from '../../lib/cache/transient-map.js';

describe(TransientMap.name, () => {
  it('is a map, however often its table is made anew', () => {
    const map = new TransientMap<string, number>();
    const model = new Map<string, number>();
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let i = 0; i < 20_000; i += 1) {
      const key = `key-${random(100)}`;
      if (model.has(key)) {
        model.delete(key);
        map.remove(key);
      } else {
        model.set(key, i);
        map.set(key, i);
      }
      if (random(5_000) === 0) {
        model.clear();
        map.clear();
      }
      expect([map.size, map.has(key), map.get(key)]).to.deep.equal([model.size, model.has(key), model.get(key)]);
    }
    for (let i = 0; i < 100; i += 1) expect(map.get(`key-${i}`)).to.equal(model.get(`key-${i}`));
  });
});
