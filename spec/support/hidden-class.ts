import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Whether V8 describes two objects by one hidden class. Code that reads objects of many such classes is slow,
 * whatever the objects have in common.
 */
export function haveOneHiddenClass(one: object, other: object): boolean {
  setFlagsFromString('--allow-natives-syntax');
  try {
    // Compiled for this call alone: V8 drops what is compiled, and compiles it again when it is called.
    return runInNewContext('%HaveSameMap(one, other)', { one, other }) as boolean;
  } finally {
    setFlagsFromString('--no-allow-natives-syntax');
  }
}
