/** What a person sets for this browser. */

export type Theme = 'system' | 'light' | 'dark';

const THEME = 'datacrowd.theme';
const SINGLE_KEYS = 'datacrowd.single-keys';
const SEEN = 'datacrowd.instructions-seen';

class Preferences {
  theme = $state<Theme>(read());
  singleKeys = $state(localStorage.getItem(SINGLE_KEYS) !== 'off');

  setTheme(theme: Theme): void {
    this.theme = theme;
    localStorage.setItem(THEME, theme);
    applyTheme();
  }

  setSingleKeys(on: boolean): void {
    this.singleKeys = on;
    localStorage.setItem(SINGLE_KEYS, on ? 'on' : 'off');
  }
}

function read(): Theme {
  const kept = localStorage.getItem(THEME);
  return kept === 'light' || kept === 'dark' ? kept : 'system';
}

export function applyTheme(): void {
  const theme = read();
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

export const preferences = new Preferences();

/** Instructions open by themselves once per person, project and version. */
export function isFirstSight(user: string, project: string, version: number): boolean {
  const key = `${SEEN}.${user}.${project}`;
  if (localStorage.getItem(key) === String(version)) return false;
  localStorage.setItem(key, String(version));
  return true;
}
