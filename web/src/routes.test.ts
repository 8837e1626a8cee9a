import { describe, expect, it } from 'vitest';
import { en } from './i18n/en.ts';
import { ru } from './i18n/ru.ts';
import { routes } from './routes.ts';
import { titleOf } from './title.svelte.ts';

const TEXTS = { en, ru };

describe.each(['en', 'ru'] as const)('titles in %s', (language) => {
  const t = TEXTS[language];
  const all = routes.flatMap(({ pattern, title }) => {
    // The overview is the page that a project's bare address shows as well.
    const tabs = pattern.endsWith('/:tab') ? Object.keys(t.tabs).filter((tab) => tab !== 'overview') : [''];
    return tabs.map((tab) => ({ page: pattern.replace(':tab', tab), title: title(t, { tab }) }));
  });

  it.each(all)('$page has one', ({ title }) => {
    expect(title.trim()).not.toBe('');
  });

  it('no two pages share one', () => {
    const others = [t.titles.signIn, t.common.noPage, t.common.forbidden];
    const titles = [...all.map(({ title }) => title), ...others];
    expect(titles.filter((title, i) => titles.indexOf(title) !== i)).toEqual([]);
  });
});

it('a title names the thing, the page and the product', () => {
  expect(titleOf('Data', 'Reviews')).toBe('Reviews · Data · DataCrowd');
  expect(titleOf('Projects', null)).toBe('Projects · DataCrowd');
  expect(titleOf(null, null)).toBe('DataCrowd');
});
