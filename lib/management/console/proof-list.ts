import { keyed, make, type Row, setText } from './dom.js';
import { oldestOf, type Proof } from './figures.js';
import { count, milliseconds } from './format.js';

/** As many instances are shown. If there are more, those with the oldest proofs are. */
const SHOWN = 12;

/** How far reads of a cache can lag behind now, in each instance, beside the bound. */
export function proofList(): Row<readonly Proof[]> {
  const title = make('p.hint');
  const list = make('ul.proofs');
  const more = make('p.hint');
  const showAll = keyed<Proof>(list, ({ instance }) => instance, chip);
  const update = (proofs: readonly Proof[]): void => {
    const bound = oldestOf(proofs)?.boundMs;
    setText(title, bound === undefined ? '' : `No read is staler than this. The bound is ${milliseconds(bound)}.`);
    const shown = proofs.length <= SHOWN ? proofs : [...proofs].sort((a, b) => ageOf(b) - ageOf(a)).slice(0, SHOWN);
    showAll(bound === undefined ? [] : shown);
    setText(more, proofs.length <= SHOWN || bound === undefined ? '' : `and ${count(proofs.length - SHOWN)} more, less old`);
  };
  return { element: make('div.proven', title, list, more), update };
}

const ageOf = ({ ageMs = -1 }: Proof): number => ageMs;

function chip({ instance }: Proof): Row<Proof> {
  const age = make('b');
  const element = make('li', `${instance} `, age);
  element.dataset['proofOf'] = instance;
  return {
    element,
    update: ({ ageMs, boundMs }) => {
      element.dataset['state'] = ageMs === undefined ? 'untold' : ageMs > boundMs ? 'late' : 'proven';
      setText(age, milliseconds(ageMs));
    },
  };
}
