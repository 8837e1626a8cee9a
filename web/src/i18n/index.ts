/** The catalogue of the person's language. It is loaded before anything is drawn; another language is a reload. */
import { kept } from '../kept.ts';
import type { Area, Areas, Catalogue } from './catalogue.ts';

export type Language = 'en' | 'ru';

const KEPT_AT = 'datacrowd.language';

/** Set by `loadTexts`; nothing is drawn before. Areas that the work itself does not need come by `loadArea`. */
export let t: Catalogue;
export let language: Language;

function wanted(): Language {
  const chosen = kept.get(KEPT_AT);
  if (chosen === 'en' || chosen === 'ru') return chosen;
  return navigator.languages.some((one) => one.toLowerCase().startsWith('ru')) ? 'ru' : 'en';
}

export async function loadTexts(): Promise<void> {
  language = wanted();
  const base = language === 'ru' ? (await import('./ru.ts')).ru : (await import('./en.ts')).en;
  t = base as Catalogue;
  // Needed only when something goes wrong: not in the way of the first page.
  if (language === 'ru')
    void import('./ru/problems.ts').then(({ default: more }) => Object.assign(t.problems, more));
  document.documentElement.lang = language;
}

/** Written out: the build makes a chunk of each. */
const AREAS: Record<Language, { [A in Area]: () => Promise<Areas[A]> }> = {
  en: {
    account: () => import('./en/account.ts'),
    admin: () => import('./en/admin.ts'),
    client: () => import('./en/client.ts'),
    keys: () => import('./en/keys.ts'),
    notifications: () => import('./en/notifications.ts'),
    states: () => import('./en/states.ts'),
    wizard: () => import('./en/wizard.ts'),
    worker: () => import('./en/worker.ts'),
  },
  ru: {
    account: () => import('./ru/account.ts'),
    admin: () => import('./ru/admin.ts'),
    client: () => import('./ru/client.ts'),
    keys: () => import('./ru/keys.ts'),
    notifications: () => import('./ru/notifications.ts'),
    states: () => import('./ru/states.ts'),
    wizard: () => import('./ru/wizard.ts'),
    worker: () => import('./ru/worker.ts'),
  },
};

/** Texts of an area, before the page that shows them. */
export async function loadArea(area: Area): Promise<void> {
  Object.assign(t, await AREAS[language][area]());
}

export function chooseLanguage(chosen: Language): void {
  kept.set(KEPT_AT, chosen);
  location.reload();
}
