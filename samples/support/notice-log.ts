/** A notice, and the server it came from. */
export interface LoggedNotice<N> {
  readonly server: string;
  readonly notice: N;
}

interface Waiter {
  readonly isMet: () => boolean;
  readonly resolve: () => void;
}

/** Everything the servers told, in the order in which it arrived. */
export class NoticeLog<N extends { readonly kind: string }> {
  readonly #entries: LoggedNotice<N>[] = [];
  readonly #waiters = new Set<Waiter>();

  add(server: string, notice: N): void {
    this.#entries.push({ server, notice });
    for (const waiter of this.#waiters) if (waiter.isMet()) waiter.resolve();
  }

  /** All notices of a kind. */
  of<K extends N['kind']>(kind: K): readonly LoggedNotice<Extract<N, { readonly kind: K }>>[] {
    return this.#entries.filter((entry): entry is LoggedNotice<Extract<N, { readonly kind: K }>> => entry.notice.kind === kind);
  }

  /** Waits until `isMet`, asked at every notice, but no longer than `atMostMs` (default: for ever). Says whether it is. */
  async until(isMet: () => boolean, atMostMs?: number): Promise<boolean> {
    if (isMet()) return true;
    let late: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      const waiter = { isMet, resolve: () => void (this.#waiters.delete(waiter), resolve()) };
      this.#waiters.add(waiter);
      if (atMostMs !== undefined) late = setTimeout(waiter.resolve, atMostMs);
    });
    clearTimeout(late);
    return isMet();
  }
}
