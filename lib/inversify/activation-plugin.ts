import type { ServiceLocator } from '../annotation/index.js';
import { cached } from './cached.js';
import type { CachingContainer } from './container.js';

type Activation = (context: ServiceLocator, value: unknown) => unknown;

/** The part of inversify's `ActivationsService` that is used here. */
interface ActivationsService {
  get(serviceIdentifier: unknown): Iterable<Activation> | undefined;
  clone(): ActivationsService;
}

/** The part of `@inversifyjs/plugin`'s `PluginContext` that is used here. */
interface PluginContext {
  readonly activationService: ActivationsService;
  readonly planResultCacheService?: { readonly clearCache?: (() => void) | undefined } | undefined;
}

/**
 * inversify recognises a plugin by this symbol. It is a global one, so no import of
 * `@inversifyjs/plugin` is needed.
 */
const IS_PLUGIN: unique symbol = Symbol.for('@inversifyjs/plugin/isPlugin') as never;

const activate: Activation = (context, value) => cached(context, value);
const ONLY_OURS: readonly Activation[] = Object.freeze([activate]);
const covered = new WeakSet<ActivationsService>();

/**
 * Makes every object that the container resolves pass through {@link cached}: subclasses, dynamic values,
 * resolved values and constants too.
 *
 * inversify has no hook for "any service was activated", so this uses an unofficial way: a plugin, recognised
 * by a global symbol, replaces `get` and `clone` of the service that knows the activations. All of it is in
 * this file, and the promises of the library without `enableCaching` do not depend on it. Registering it
 * twice has no further effect.
 *
 * @returns `false` if this version of inversify is built differently.
 */
export function activateEverything(container: CachingContainer): boolean {
  if (typeof container.register !== 'function') return false;
  let isCovered = false;
  class ActivationPlugin {
    readonly [IS_PLUGIN] = true;
    readonly #context: PluginContext;

    constructor(_container: unknown, context: PluginContext) {
      this.#context = context;
    }

    load(): void {
      const { activationService, planResultCacheService } = this.#context;
      if (typeof activationService?.get !== 'function' || typeof activationService.clone !== 'function') return;
      cover(activationService);
      // Plans that were made before remember that a service had no activations.
      planResultCacheService?.clearCache?.();
      isCovered = true;
    }
  }
  container.register(ActivationPlugin);
  return isCovered;
}

/** What is known of a binding without making its service. */
export interface KnownBinding {
  readonly identifier: unknown;
  /** The class that the container makes instances of. */
  readonly implementationType?: unknown;
  /** What makes the service, or a constant one. */
  readonly value?: unknown;
  /** A singleton that was made already. */
  readonly cache?: { readonly isRight?: boolean | undefined; readonly value?: unknown } | undefined;
}

/** The part of inversify's `BindingService` that is used here. */
interface BindingService {
  getNonParentBoundServices(): Iterable<unknown>;
  getNonParentBindings(serviceIdentifier: unknown): Iterable<Omit<KnownBinding, 'identifier'>> | undefined;
}

/** The bindings that the container has by now. None if this version of inversify is built differently. */
export function knownBindings(container: CachingContainer): readonly KnownBinding[] {
  const known: KnownBinding[] = [];
  if (typeof container.register !== 'function') return known;
  class BindingPlugin {
    readonly [IS_PLUGIN] = true;
    readonly #bindings: BindingService | undefined;

    constructor(_container: unknown, context: { readonly bindingService?: BindingService | undefined }) {
      this.#bindings = context.bindingService;
    }

    load(): void {
      for (const identifier of this.#bindings?.getNonParentBoundServices?.() ?? []) {
        for (const { implementationType, value, cache } of this.#bindings?.getNonParentBindings?.(identifier) ?? []) {
          known.push({ identifier, implementationType, value, cache });
        }
      }
    }
  }
  container.register(BindingPlugin);
  return known;
}

function cover(service: ActivationsService): ActivationsService {
  if (covered.has(service)) return service;
  covered.add(service);
  const get = service.get.bind(service);
  const clone = service.clone.bind(service);
  // Ours comes last, so that it sees the final value.
  service.get = (serviceIdentifier) => {
    const activations = get(serviceIdentifier);
    return activations === undefined ? ONLY_OURS : [...activations, activate];
  };
  // `snapshot` keeps a clone, and `restore` puts it back into the container.
  service.clone = () => cover(clone());
  return service;
}
