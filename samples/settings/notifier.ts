import type { SettingsNotice } from './server-notice.js';

/** Tells whoever started the server. */
export class Notifier {
  constructor(readonly tell: (notice: SettingsNotice) => void) {}
}
