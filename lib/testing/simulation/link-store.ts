/** What a {@link LinkStore} reads over. */
export interface ReadingLink {
  get(key: string): Promise<string | null>;
  readonly client: { mGet(keys: string[]): Promise<(string | null)[]> };
}

/** What Keyv reads through: GET under the keys that `@keyv/redis` would use. */
export class LinkStore {
  namespace: string | undefined;
  readonly #link: ReadingLink;

  constructor(link: ReadingLink) {
    this.#link = link;
  }

  async get(key: string): Promise<string | undefined> {
    return (await this.#link.get(`${this.namespace}::${key}`)) ?? undefined;
  }

  async getMany(keys: string[]): Promise<(string | undefined)[]> {
    const raws = await this.#link.client.mGet(keys.map((key) => `${this.namespace}::${key}`));
    return raws.map((raw) => raw ?? undefined);
  }

  set(): never {
    throw new Error('Only scripts write.');
  }

  delete(): never {
    throw new Error('Only scripts write.');
  }

  clear(): never {
    throw new Error('Only scripts write.');
  }
}
