import { expect } from 'chai';
import { runInThisContext } from 'node:vm';
import sinon from 'sinon';
import { Cacheable } from '../../lib/index.js';
import { HitPath, isArrowFunction } from '../../lib/interceptor/hit-path.js';
import { stage } from './stage.js';

describe(HitPath.name, () => {
  const condition = sinon.fake((..._args: unknown[]) => true);
  const key = sinon.fake((name: string, ..._rest: unknown[]) => name);

  class Books {
    @Cacheable('arrow', { condition: (...args) => condition(...args), key: (...args) => key(...args) })
    async byArrow(name: string, _edition?: number): Promise<string> {
      return name;
    }

    @Cacheable('function', {
      condition(...args) {
        return condition(...args);
      },
      key(...args) {
        return key(...args);
      },
    })
    async byFunction(name: string, _edition?: number): Promise<string> {
      return name;
    }
  }

  for (const find of ['byArrow', 'byFunction'] as const) {
    for (const more of [[], [2]]) {
      it(`asks condition and key once, on a miss as on a hit: ${find}, ${1 + more.length} arguments`, async () => {
        const books = stage().serve(Books);
        await books[find]('Dune', ...more); // Makes the plan.
        for (const name of ['Emma', 'Emma']) {
          condition.resetHistory();
          key.resetHistory();
          expect(await books[find](name, ...more)).to.equal(name);
          expect([condition.args, key.args]).to.deep.equal([[[name, ...more]], [[name, ...more]]]);
        }
      });
    }
  }
});

const methods = {
  short(name: string) {
    return name;
  },
  ['computed name'](name: string) {
    return name;
  },
  async(name: string) {
    return name;
  },
  *generator(name: string) {
    yield name;
  },
  arrow: (name: string) => name,
  function: function (name: string) {
    return name;
  },
  get(name: string) {
    return name;
  },
};

/** As a text, for what a compiler would write in another way. */
const read = (text: string): ((name: string) => unknown) => runInThisContext(`(${text})`) as (name: string) => unknown;

describe(isArrowFunction.name, () => {
  const arrows: Readonly<Record<string, (name: string) => unknown>> = {
    'with an expression': (name) => name,
    'with a block': (name) => {
      return name;
    },
    'without arguments': () => 1,
    'as a property': methods.arrow,
    'without parentheses': read('name=>name'),
    'with a name of other letters': read('$_ünï => $_ünï'),
    'with a pattern': read('({ length }) => length'),
    'with a default that holds a function': read('(name = function () { return this; }) => name'),
    'on several lines': read('(\n  name\n) =>\n  name'),
  };
  for (const [title, candidate] of Object.entries(arrows)) {
    it(`knows one ${title}`, () => expect(isArrowFunction(candidate)).to.equal(true));
  }

  class Books {
    static find(name: string): string {
      return name;
    }
  }
  const others: Readonly<Record<string, (...args: never[]) => unknown>> = {
    'a function': methods.function,
    'a named function': function find(name: string) {
      return name;
    },
    'a method': methods.short,
    'a method with a computed name': methods['computed name'],
    'a method called async': methods.async,
    'a method called get': methods.get,
    'a generator': methods.generator,
    'a static method': Books.find,
    'a function that holds an arrow': read('function (name) { return (() => name)(); }'),
    'a bound function': methods.function.bind(undefined),
    'a function of the engine': String.prototype.trim,
    'a class': Books as unknown as () => unknown,
    'an arrow that begins with a comment it does not understand': read('name /* of a book */ => name'),
  };
  for (const [title, candidate] of Object.entries(others)) {
    it(`takes ${title} for none`, () => expect(isArrowFunction(candidate)).to.equal(false));
  }
});
