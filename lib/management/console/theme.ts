import { byId } from './dom.js';

const KEY = 'inversify-cache-theme';
const THEMES = ['system', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];

const FACES: Readonly<Record<Theme, readonly [sign: string, label: string]>> = {
  system: ['◐', 'Theme: as the system'],
  light: ['☀', 'Theme: light'],
  dark: ['☾', 'Theme: dark'],
};

/**
 * Lets the button go through the themes, and remembers the last one. `changed` is called after each
 * change, also one of the system.
 */
export function chooseTheme(changed: () => void): void {
  const button = byId('theme');
  let theme = THEMES.find((each) => each === localStorage.getItem(KEY)) ?? 'system';
  const show = (): void => {
    if (theme === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
    const [sign, label] = FACES[theme];
    button.textContent = sign;
    button.setAttribute('aria-label', label);
    button.title = label;
  };
  button.addEventListener('click', () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] as Theme;
    localStorage.setItem(KEY, theme);
    show();
    changed();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed);
  show();
}
