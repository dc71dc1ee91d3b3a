/** A model of `spec/model`: one file, one idea. */
export interface Model {
  /** Of the file, without its ending. */
  readonly name: string;
  /** What it is about, as a paragraph of the page. */
  readonly about: string;
  /** What it leaves out, in a sentence. */
  readonly without: string;
  /** The assertions, as SPIN prints them, and the promise that each stands for. */
  readonly promises: Readonly<Record<string, string>>;
  readonly rows: readonly ModelRow[];
}

/** One run of a model. */
export interface ModelRow {
  /** The faults that are allowed, in words. */
  readonly faults: string;
  /** `-D` flags: bounds, faults, rules that are left out. */
  readonly flags: Readonly<Record<string, number | true>>;
  /** Which rule is left out, or how the protocol differs, in words. Default: the protocol stands. */
  readonly change?: string;
  /** Which promise must break, as {@link Model.promises} names it. Default: all of them hold. */
  readonly breaks?: string;
}

/** `-DCUTS=1 -DNO_TICKET`, for SPIN. */
export function flagsOf({ flags }: ModelRow): readonly string[] {
  return Object.entries(flags).map(([name, value]) => (value === true ? `-D${name}` : `-D${name}=${value}`));
}

/** The row on one line, as `npm run model -- --grep` searches it. */
export function titleOf({ name }: Model, row: ModelRow): string {
  return [name, row.faults, ...(row.change === undefined ? [] : [row.change])].join(': ');
}
