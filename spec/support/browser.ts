import { createRequire } from 'node:module';
import { findBrowserProgram } from './browser-program.js';
import { waitFor } from './wait.js';

/**
 * What the specs use of Playwright. Its own types speak of the DOM, which a library for Node must not know; so code for the page is handed
 * over as text.
 */
export interface Browser {
  newContext(options?: ContextOptions): Promise<BrowserContext>;
  close(): Promise<void>;
}

export interface ContextOptions {
  readonly viewport?: { readonly width: number; readonly height: number };
  readonly colorScheme?: 'light' | 'dark';
  readonly reducedMotion?: 'reduce';
}

export interface BrowserContext {
  newPage(): Promise<Page>;
  close(): Promise<void>;
}

export interface Page {
  /** The clock of the page: once installed it runs as before, and can be moved on. */
  readonly clock: { install(): Promise<void>; fastForward(ms: number): Promise<void> };
  readonly keyboard: { type(text: string): Promise<void>; press(key: string): Promise<void> };
  goto(url: string): Promise<unknown>;
  locator(selector: string): Locator;
  frameLocator(selector: string): { locator(selector: string): Locator };
  evaluate<T>(script: string): Promise<T>;
  route(url: string, handler: (route: Route) => unknown): Promise<unknown>;
  screenshot(options?: { readonly path?: string; readonly fullPage?: boolean }): Promise<Buffer>;
  on(event: 'console', listener: (message: { type(): string; text(): string }) => void): unknown;
  on(event: 'pageerror', listener: (error: Error) => void): unknown;
  on(event: 'request', listener: (request: { url(): string }) => void): unknown;
  on(event: 'response', listener: (response: { url(): string; status(): number }) => void): unknown;
}

/** A request of the page that the spec answers itself. */
export interface Route {
  fulfill(response: { readonly status?: number; readonly contentType?: string; readonly body: string }): Promise<void>;
  fallback(): Promise<void>;
  /** As if the network were gone. */
  abort(): Promise<void>;
  request(): { method(): string };
}

export interface Locator {
  locator(selector: string): Locator;
  first(): Locator;
  waitFor(options?: { readonly state?: 'visible' | 'hidden' | 'attached' | 'detached'; readonly timeout?: number }): Promise<void>;
  click(): Promise<void>;
  fill(text: string): Promise<void>;
  press(key: string): Promise<void>;
  selectOption(value: string): Promise<unknown>;
  count(): Promise<number>;
  textContent(): Promise<string | null>;
  allTextContents(): Promise<string[]>;
  getAttribute(name: string): Promise<string | null>;
  isVisible(): Promise<boolean>;
}

const { chromium } = createRequire(import.meta.url)('playwright-core') as {
  readonly chromium: { launch(options: { readonly executablePath: string; readonly args: readonly string[] }): Promise<Browser> };
};

let shared: Promise<Browser> | undefined;

/** The one headless Chromium all specs share: started by the first that asks, ended after the last test. Open a context of your own in it. */
export function sharedBrowser(): Promise<Browser> {
  return (shared ??= launch());
}

/** Resolves once `script` is true in the page. By asking again: Playwright's own way needs an `eval` that the page's policy forbids. */
export const holds = (page: Page, script: string): Promise<void> =>
  waitFor(() => page.evaluate<boolean>(`Boolean(${script})`), { what: script, everyMs: 50 });

async function launch(): Promise<Browser> {
  const executablePath = findBrowserProgram();
  if (executablePath === undefined) throw new Error('Found no Chromium: put chromium on the PATH, or set CHROMIUM to its path.');
  return chromium.launch({
    executablePath,
    // Playwright gives it a new profile, which it removes at the end. Nothing here leaves the machine.
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

// At the top level of a module that spec files import, this is a hook of the root suite: it runs once, after every test.
after(async () => {
  const browser = await shared?.catch(() => undefined);
  shared = undefined;
  await browser?.close();
});
