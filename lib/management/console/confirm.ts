import { byId, setText } from './dom.js';

/** Asks in a dialog whether something shall be done. @param yes - what the button says that does it. */
export async function confirmed(title: string, text: string, yes: string): Promise<boolean> {
  setText(byId('confirm-title'), title);
  setText(byId('confirm-text'), text);
  setText(byId('confirm-yes'), yes);
  const dialog = byId<HTMLDialogElement>('confirm');
  dialog.returnValue = '';
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener('close', resolve, { once: true }));
  return dialog.returnValue === 'yes';
}
