import type { LifeNotice } from './life-notice.js';
import type { RunnableServer } from './server-handle.js';

/** Tells whoever forked this process; nobody, once they are gone. */
export function notifyParent(notice: { readonly kind: string }): void {
  // They may be gone before this process notices: then sending fails, and whoever takes the failure is not thrown it.
  if (process.connected) process.send?.(notice, undefined, undefined, () => undefined);
}

/** Makes this process, which a `ProcessServer` forked, that server. It ends with the process that started it, however that one ends. */
export async function runServerProcess(server: RunnableServer): Promise<void> {
  const end = (): void => {
    server.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };

  process.on('SIGINT', () => undefined); // Ctrl-C reaches the whole process group. Who started us decides what ends, and in which order.
  process.on('SIGTERM', end);
  process.on('disconnect', end);

  const tell = (notice: LifeNotice): void => notifyParent(notice);
  try {
    tell({ kind: 'listening', url: await server.start() });
  } catch (error) {
    tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
    if (process.connected) process.disconnect(); // Else whoever started us was faster.
  }
}
