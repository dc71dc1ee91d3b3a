import type { CommandLink } from './command-link.js';

/** What Keyv reads through: GET under the keys that `@keyv/redis` would use. */
export class LinkStore {
  namespace: string | undefined;
  readonly #command: CommandLink;

  constructor(command: CommandLink) {
    this.#command = command;
  }

  async get(key: string): Promise<string | undefined> {
    return (await this.#command.get(`${this.namespace}::${key}`)) ?? undefined;
  }

  async getMany(keys: string[]): Promise<(string | undefined)[]> {
    const raws = await this.#command.client.mGet(keys.map((key) => `${this.namespace}::${key}`));
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
