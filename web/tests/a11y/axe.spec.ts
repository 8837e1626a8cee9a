/** Every page, both themes, both languages: no violation that axe finds, up to WCAG 2.2 AA. */
import AxeBuilder from '@axe-core/playwright';
import type { Browser, Page } from '@playwright/test';
import { expect, signIn, test, type Console } from '../console.ts';
import { answered, trained } from '../fake/history.ts';
import { PAGES, visit } from '../layout/pages.ts';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** One of each kind of page, for every day. */
const FEW: ReadonlySet<string> = new Set([
  'signin',
  'work',
  'review',
  'notifications',
  'client-dataset',
  'admin-users',
]);

async function violations(page: Page): Promise<string[]> {
  const found = await new AxeBuilder({ page })
    .withTags(TAGS)
    .options({ rules: { 'target-size': { enabled: true } } })
    .analyze();
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary ?? ''}`),
  );
}

interface Look {
  readonly colorScheme: 'light' | 'dark';
  readonly locale: 'en' | 'ru';
}

async function look(browser: Browser, site: Console, as: Look, wanted: (name: string) => boolean) {
  answered(site.state);
  site.state.finished = ['Old reviews'];
  trained(site.state);
  const found: string[] = [];
  for (const person of [null, 'wanda', 'otto', 'clara', 'ada']) {
    const pages = PAGES.filter(([name, who]) => who === person && wanted(name));
    if (pages.length === 0) continue;
    const context = await browser.newContext(as);
    const page = await context.newPage();
    await page.goto(`${site.url}/app/`);
    if (person !== null) await signIn(page, person);
    for (const one of pages) {
      const [name] = one;
      await visit(page, `${site.url}/app`, one);
      const dialog = page.locator('dialog[open]');
      for (const fault of await violations(page)) found.push(`${name}: ${fault}`);
      if ((await dialog.count()) === 0) continue;
      await page.keyboard.press('Escape');
      for (const fault of await violations(page)) found.push(`${name}, closed: ${fault}`);
    }
    await context.close();
  }
  expect(found).toEqual([]);
}

test('axe finds nothing on one page of each kind', async ({ browser, console: site }) => {
  test.setTimeout(240_000);
  await look(browser, site, { colorScheme: 'dark', locale: 'ru' }, (name) => FEW.has(name));
});

for (const colorScheme of ['light', 'dark'] as const)
  for (const locale of ['en', 'ru'] as const)
    test(
      `axe finds nothing on any page: ${colorScheme}, ${locale}`,
      { tag: '@full' },
      async ({ browser, console: site }) => {
        test.setTimeout(600_000);
        await look(browser, site, { colorScheme, locale }, () => true);
      },
    );
