/** What a person sets for this browser. */
import { kept } from '../kept.ts';

export type Theme = 'system' | 'light' | 'dark';

const THEME = 'datacrowd.theme';
const SINGLE_KEYS = 'datacrowd.single-keys';
const SEEN = 'datacrowd.instructions-seen';

class Preferences {
  theme = $state<Theme>(read());
  singleKeys = $state(kept.get(SINGLE_KEYS) !== 'off');

  setTheme(theme: Theme): void {
    this.theme = theme;
    kept.set(THEME, theme);
    applyTheme();
  }

  setSingleKeys(on: boolean): void {
    this.singleKeys = on;
    kept.set(SINGLE_KEYS, on ? 'on' : 'off');
  }
}

function read(): Theme {
  const theme = kept.get(THEME);
  return theme === 'light' || theme === 'dark' ? theme : 'system';
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
  if (kept.get(key) === String(version)) return false;
  kept.set(key, String(version));
  return true;
}
