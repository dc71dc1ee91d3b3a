/**
 * Elements made of data. Everything becomes text or an attribute, never markup: keys and
 * names come from outside.
 */

/** Characters that could turn the direction of writing, or hide. The command line escapes the same ones. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Text from outside, so that it shows what is in it. */
export const printable = (text: string): string =>
  text.replace(UNPRINTABLE, (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`);

/** Reports an error to the developer, so that the rest can go on. */
export function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    console.error(error);
    return undefined;
  }
}

type Child = Node | string | number | undefined;

/** The element of the page with this id. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

/** A new element. A class may follow the tag's name: `p.hint`. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K | `${K}.${string}`,
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const [name, ...classes] = tag.split('.') as [K, ...string[]];
  const element = document.createElement(name);
  if (classes.length > 0) element.className = classes.join(' ');
  for (const child of children) if (child !== undefined) element.append(typeof child === 'object' ? child : printable(String(child)));
  return element;
}

/** Sets a text that has changed: an unchanged one keeps its selection and is not announced again. */
export function setText(element: Element, text: string): void {
  const shown = printable(text);
  if (element.textContent !== shown) element.textContent = shown;
}

/** Offers these names for choice. The chosen one stays chosen, if it is still there. */
export function offer(select: HTMLSelectElement, names: readonly string[]): void {
  const present = [...select.options].map(({ value }) => value);
  if (present.length === names.length && present.every((name, i) => name === names[i])) return;
  const chosen = select.value;
  select.replaceChildren(...names.map((name) => new Option(printable(name), name)));
  if (names.includes(chosen)) select.value = chosen;
}

/** A key or a tag as text. The empty one would not be seen. */
export const shownKey = (key: string): string => (key === '' ? '(empty)' : key);

/** One row of {@link keyed}. */
export interface Row<T> {
  readonly element: HTMLElement;
  readonly update: (item: T) => void;
}

/**
 * Keeps one child per item, by key and in order. The child of an item stays the same element, so that focus
 * and scrolling survive. Returns the function that shows a list. An item that cannot be shown is left out.
 */
export function keyed<T>(parent: HTMLElement, keyOf: (item: T) => string, create: (item: T) => Row<T>): (items: readonly T[]) => void {
  const rows = new Map<string, Row<T>>();
  return (items) => {
    const wanted = new Set(items.map(keyOf));
    for (const [key, row] of rows) {
      if (wanted.has(key)) continue;
      row.element.remove();
      rows.delete(key);
    }
    let place = 0;
    for (const item of items) {
      const key = keyOf(item);
      const row = rows.get(key) ?? attempt(() => create(item));
      if (row === undefined) continue;
      rows.set(key, row);
      attempt(() => row.update(item));
      if (parent.children[place] !== row.element) parent.insertBefore(row.element, parent.children[place] ?? null);
      place += 1;
    }
  };
}
