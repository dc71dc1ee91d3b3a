/** Elements made of data. Everything becomes text or an attribute, never markup: keys and names are written by others. */

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
  for (const child of children) if (child !== undefined) element.append(typeof child === 'number' ? String(child) : child);
  return element;
}

/** Sets what differs: an unchanged text keeps a selection, and is not announced again. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** One row of {@link keyed}. */
export interface Row<T> {
  readonly element: HTMLElement;
  readonly update: (item: T) => void;
}

/**
 * Keeps one child per item, by key and in order. An item's child stays the same element, so that focus and scrolling survive.
 * Returns the function that shows a list.
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
    items.forEach((item, i) => {
      const key = keyOf(item);
      let row = rows.get(key);
      if (row === undefined) rows.set(key, (row = create(item)));
      row.update(item);
      if (parent.children[i] !== row.element) parent.insertBefore(row.element, parent.children[i] ?? null);
    });
  };
}
