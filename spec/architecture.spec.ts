import { expect } from 'chai';
import { circles, crossings, idleArrows, readSources, ROOMS, type Sources } from './support/architecture.js';
import { projectRoot } from './support/project.js';

describe('the rooms of lib/', () => {
  let sources: Sources;

  before(() => {
    sources = readSources(projectRoot, ['lib', 'samples']);
  });

  it('import each other only along the arrows', () => {
    expect(crossings(sources)).to.deep.equal([]);
  });

  it('are all there, with an index.ts that opens with a paragraph about what lives in it', () => {
    const doors = Object.keys(ROOMS).filter((room) => ROOMS[room]?.isInner !== true);
    const silent = doors.filter((room) => !/^(\/\*\*|\/\/)\s*\S/.test(sources[`lib/${room}/index.ts`] ?? ''));
    expect(silent).to.deep.equal([]);
  });

  it('form no circle', () => {
    const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
      [...(ROOMS[from]?.rooms ?? []), ...(ROOMS[from]?.types ?? []), ...(ROOMS[from]?.inside ?? [])].some(
        (next) => next === to || (!seen.has(next) && reaches(next, to, seen.add(next))),
      );
    expect(Object.keys(ROOMS).filter((room) => reaches(room, room))).to.deep.equal([]);
  });
});

describe(circles.name, () => {
  it('finds none in lib/', () => {
    expect(circles(readSources(projectRoot, ['lib']))).to.deep.equal([]);
  });

  it('finds those that types make', () => {
    const found = circles({
      'lib/time/a.ts': `import { b } from './b.js';`,
      'lib/time/b.ts': `import type { C } from './c.js';`,
      'lib/time/c.ts': `export { a } from './a.js';`,
    });
    expect(found).to.deep.equal([['lib/time/a.ts', 'lib/time/b.ts', 'lib/time/c.ts', 'lib/time/a.ts']]);
  });
});

describe(idleArrows.name, () => {
  it('finds none in lib/', () => {
    expect(idleArrows(readSources(projectRoot, ['lib']))).to.deep.equal([]);
  });

  it('finds an arrow that nobody walks', () => {
    const rooms = { time: { rooms: ['errors'], packages: ['keyv'] }, errors: { rooms: [] } };
    expect(idleArrows({ 'lib/time/a.ts': `import { E } from '../errors/index.js';` }, rooms)).to.deep.equal(['time → keyv']);
  });
});

describe(crossings.name, () => {
  const cases: readonly (readonly [title: string, file: string, text: string, ...found: string[]])[] = [
    [
      'a room that is not beneath',
      'lib/cache/x.ts',
      `import { X } from '../eviction/index.js';`,
      'lib/cache/x.ts:1 crosses cache → eviction.',
    ],
    [
      'a type that is not beneath',
      'lib/cache/x.ts',
      `\nimport type { X } from '../topic/index.js';`,
      'lib/cache/x.ts:2 crosses cache → topic (type).',
    ],
    [
      'a package of another room',
      'lib/eviction/x.ts',
      `import { Redis } from 'ioredis';`,
      'lib/eviction/x.ts:1 crosses eviction → ioredis.',
    ],
    [
      'a type of inversify',
      'lib/interceptor/x.ts',
      `import type { Container } from 'inversify';`,
      'lib/interceptor/x.ts:1 crosses interceptor → inversify (type).',
    ],
    ['the insides of a package', 'lib/topic/x.ts', `import 'ioredis/built/x';`, 'lib/topic/x.ts:1 crosses topic → ioredis.'],
    [
      'a value where only types are agreed',
      'lib/annotation/x.ts',
      `import { type A, B } from '../cache/index.js';`,
      'lib/annotation/x.ts:1 crosses annotation → cache.',
    ],
    [
      'a side door',
      'lib/eviction/x.ts',
      `import { X } from '../cache/cache.js';`,
      "lib/eviction/x.ts:1 enters cache by '../cache/cache.js' instead of its index.js.",
    ],
    ['a dynamic import', 'lib/time/x.ts', `const x = await import('../event/index.js');`, 'lib/time/x.ts:1 crosses time → event.'],
    ['an import type node', 'lib/time/x.ts', `let x: import('../event/index.js').X;`, 'lib/time/x.ts:1 crosses time → event (type).'],
    ['an export from', 'lib/errors/x.ts', `export * from '../time/index.js';`, 'lib/errors/x.ts:1 crosses errors → time.'],
    ['a require', 'lib/errors/x.ts', `const x = require('keyv');`, 'lib/errors/x.ts:1 crosses errors → keyv.'],
    [
      'an inner room seen from the outer',
      'lib/topic/x.ts',
      `import { X } from './redis/index.js';`,
      'lib/topic/x.ts:1 crosses topic → topic/redis.',
    ],
    [
      'the front door from within',
      'lib/cache/x.ts',
      `import { X } from '../index.js';`,
      'lib/cache/x.ts:1 crosses cache → index: nobody inside enters by the front door.',
    ],
    [
      'a room nobody knows',
      'lib/attic/x.ts',
      `import 'node:fs';`,
      'lib/attic/x.ts:1 lives in no room that spec/support/architecture.ts knows.',
    ],
    [
      'a folder nobody knows',
      'lib/cache/attic/x.ts',
      `import 'node:fs';`,
      'lib/cache/attic/x.ts:1 lives in no room that spec/support/architecture.ts knows.',
    ],
    [
      'a way out of the house',
      'lib/cache/x.ts',
      `import '../../spec/x.js';`,
      "lib/cache/x.ts:1 imports '../../spec/x.js', which lies in no room.",
    ],
    [
      'a sample inside a room',
      'samples/book/x.ts',
      `import { X } from '../../lib/cache/index.js';`,
      "samples/book/x.ts:1 imports '../../lib/cache/index.js': samples enter by lib/index.js only.",
    ],
    [
      'work done at the front door',
      'lib/index.ts',
      `import { X } from './cache/index.js';`,
      'lib/index.ts:1 holds something else than a named `export { … } from`.',
    ],
    [
      'a star at the front door',
      'lib/index.ts',
      `export * from './cache/index.js';`,
      'lib/index.ts:1 holds something else than a named `export { … } from`.',
    ],
    [
      'a side door at the front door',
      'lib/index.ts',
      `export { X } from './cache/cache.js';`,
      "lib/index.ts:1 exports from './cache/cache.js' instead of a room's index.js.",
    ],
  ];

  for (const [title, file, text, ...found] of cases) {
    it(`names ${title}`, () => {
      expect(crossings({ [file]: text })).to.deep.equal(found);
    });
  }

  it('lets everything agreed pass', () => {
    const agreed = {
      'lib/index.ts': `export { X, type Y } from './topic/redis/index.js';`,
      'lib/annotation/x.ts': `import 'reflect-metadata';\nimport { type A } from '../cache/index.js';\nimport type { B } from '../time/index.js';`,
      'lib/topic/redis/x.ts': `import { Redis } from 'ioredis';\nimport { T } from '../index.js';\nimport { U } from './y.js';`,
      'lib/inversify/x.ts': `import { Container } from 'inversify';\nimport { T } from '../topic/index.js';\nimport fs from 'node:fs';`,
      'samples/book/x.ts': `import { Cacheable } from '../../lib/index.js';\nimport { Container } from 'inversify';\nimport { B } from './book.js';`,
    };
    expect(crossings(agreed)).to.deep.equal([]);
  });
});
