/** What has to be undone at the end, in reverse order, whether the end comes early or late. */
export class Teardown {
  readonly #steps: (() => void | Promise<void>)[] = [];
  #running: Promise<void> | undefined;

  /** Has `step` run at the end. After the end: at once. */
  defer(step: () => void | Promise<void>): void {
    if (this.#running === undefined) this.#steps.push(step);
    else this.#running = this.#running.then(() => attempt(step));
  }

  /** Whether the end has begun. */
  get hasBegun(): boolean {
    return this.#running !== undefined;
  }

  /** Runs every step, once, also when one of them fails. Never rejects. */
  run(): Promise<void> {
    return (this.#running ??= this.#run());
  }

  async #run(): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) await attempt(step);
  }
}

async function attempt(step: () => void | Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    console.error(error);
  }
}
