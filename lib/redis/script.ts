import { createHash } from 'node:crypto';

/** A Lua script. Redis knows it by its SHA-1 digest once it has run there. */
export class Script {
  readonly source: string;
  readonly sha: string;

  /**
   * @param name - names it in messages, and decides which waiting step goes first.
   * @param source - its Lua text.
   */
  constructor(
    readonly name: string,
    source: string,
  ) {
    this.source = source;
    this.sha = createHash('sha1').update(source).digest('hex');
  }

  /**
   * The same script for a Redis Cluster. There it may publish only on sharded channels, in the slot of its
   * keys.
   */
  get sharded(): Script {
    return (this.#sharded ??= new Script(this.name, this.source.replaceAll(`'PUBLISH'`, `'SPUBLISH'`)));
  }
  #sharded: Script | undefined;
}
