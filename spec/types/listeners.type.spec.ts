import { type CacheEventMap, EventListener, type Message, MessageListener } from '../../lib/index.js';

/** Compiled, never run: what a listening method may take. Each `@ts-expect-error` fails the build once its line compiles. */
export function neverCalled(): unknown {
  class Listeners {
    @EventListener('bypass')
    exact(_event: CacheEventMap['bypass']): void {}

    @EventListener('evicted')
    part(_event: { readonly keys: readonly string[] }): void {}

    @EventListener('evicted')
    nothing(): void {}

    @EventListener('lost', 'connected')
    several(_event: CacheEventMap['lost'] | CacheEventMap['connected']): void {}

    @EventListener('breaker')
    async later(_event: CacheEventMap['breaker']): Promise<void> {}

    // @ts-expect-error -- another event's
    @EventListener('bypass')
    wrong(_event: CacheEventMap['breaker']): void {}

    // @ts-expect-error -- it may be told of the other as well
    @EventListener('lost', 'evicted')
    tooNarrow(_event: CacheEventMap['lost']): void {}

    // @ts-expect-error -- one parameter is all there is
    @EventListener('bypass')
    tooMany(_event: CacheEventMap['bypass'], _more: string): void {}

    // @ts-expect-error -- no such event
    @EventListener('bypas')
    unknown(): void {}

    @MessageListener('orders')
    message(_message: Message): void {}

    // @ts-expect-error -- a message is no string
    @MessageListener('orders')
    body(_body: string): void {}
  }
  return Listeners;
}
