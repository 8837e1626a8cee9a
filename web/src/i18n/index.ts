/** The catalogue of the person's language. It is loaded before anything is drawn; another language is a reload. */
import type { Catalogue } from './catalogue.ts';

export type Language = 'en' | 'ru';

const KEPT_AT = 'datacrowd.language';

/** Set by `loadTexts`; nothing is drawn before. Texts that the work itself does not need come by `loadMoreTexts`. */
export let t: Catalogue;
export let language: Language;

function wanted(): Language {
  const kept = localStorage.getItem(KEPT_AT);
  if (kept === 'en' || kept === 'ru') return kept;
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

/** What workers never read, before a page that shows it. */
export async function loadMoreTexts(): Promise<void> {
  const more = language === 'ru' ? await import('./ru/more.ts') : await import('./en/more.ts');
  Object.assign(t, more.default);
}

export function chooseLanguage(chosen: Language): void {
  localStorage.setItem(KEPT_AT, chosen);
  location.reload();
}
