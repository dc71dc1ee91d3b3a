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
