import type { ContainerModule } from 'inversify';
import type { ServiceIdentifier, ServiceLocator } from '../annotation/index.js';

/**
 * What caching needs of a container: inversify's `Container`, from 7.5.2 on. Only its methods count, because
 * inversify 7 declares the class twice, for ES modules and for CommonJS, and neither fits the other.
 */
export interface CachingContainer extends ServiceLocator {
  /** Whether anything is bound under this identifier, here or in a parent. */
  isBound(serviceIdentifier: ServiceIdentifier): boolean;
  /** Loads a plugin; inversify has it from 7.5.2 on. */
  register(pluginConstructor: new (...args: never[]) => unknown): void;
}

/**
 * How modules come and go. inversify 7 has `loadSync`, and an asynchronous `load` and `unload`; 8 has a
 * synchronous `load`, and `unloadAsync`.
 */
interface Modules {
  readonly loadSync?: ((module: ContainerModule) => void) | undefined;
  load(module: ContainerModule): void;
  unload(module: ContainerModule): Promise<void>;
  readonly unloadAsync?: ((module: ContainerModule) => Promise<void>) | undefined;
  readonly unbindSync?: ((serviceIdentifier: ServiceIdentifier) => void) | undefined;
}

const modulesOf = (container: CachingContainer): Modules => container as unknown as Modules;

/** Loads the module at once. @throws what it throws. */
export function loadModule(container: CachingContainer, module: ContainerModule): void {
  const modules = modulesOf(container);
  if (modules.loadSync === undefined) modules.load(module);
  else modules.loadSync(module);
}

/** Unloads the module, and resolves once everything in it is closed. */
export async function unloadModule(container: CachingContainer, module: ContainerModule): Promise<void> {
  const modules = modulesOf(container);
  if (modules.unloadAsync === undefined) await modules.unload(module);
  else await modules.unloadAsync(module);
}

/** Ends everything that is bound, and resolves once all of it is closed. */
export async function unbindEverything(container: object): Promise<void> {
  const { unbindAll, unbindAllAsync = unbindAll } = container as {
    unbindAll?: (() => unknown) | undefined;
    unbindAllAsync?: (() => unknown) | undefined;
  };
  await unbindAllAsync?.call(container);
}

/**
 * Whether a service can be had under this identifier. With the option `autobind` that is any class, which
 * `isBound` of the first versions of inversify 7 does not say: there the container is asked for a class of
 * ours.
 */
export function canBeHad(container: CachingContainer, identifier: ServiceIdentifier): boolean {
  if (container.isBound(identifier)) return true;
  const modules = modulesOf(container);
  if (typeof identifier !== 'function' || modules.unbindSync === undefined) return false;
  class Probe {}
  if (container.get(Probe, { optional: true }) === undefined) return false;
  modules.unbindSync(Probe);
  return true;
}
