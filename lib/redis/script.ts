import { createHash } from 'node:crypto';

/** A Lua script, known to Redis by its digest. */
export class Script {
  readonly source: string;
  readonly sha: string;

  constructor(
    readonly name: string,
    source: string,
  ) {
    this.source = source;
    this.sha = createHash('sha1').update(source).digest('hex');
  }

  /** The same for a Redis Cluster, where a script may publish on sharded channels only, in the slot of its keys. */
  get sharded(): Script {
    return (this.#sharded ??= new Script(this.name, this.source.replaceAll(`'PUBLISH'`, `'SPUBLISH'`)));
  }
  #sharded: Script | undefined;
}
