import { expect } from 'chai';
import { runInThisContext } from 'node:vm';
import { isArrowFunction } from '../../lib/interceptor/is-arrow-function.js';

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
