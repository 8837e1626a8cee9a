/** Every page, both themes, both languages: no violation that axe finds, up to WCAG 2.2 AA. */
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, signIn, test } from '../console.ts';
import { answered } from '../fake/history.ts';
import { PAGES } from '../layout/pages.ts';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

async function violations(page: Page): Promise<string[]> {
  const found = await new AxeBuilder({ page })
    .withTags(TAGS)
    .options({ rules: { 'target-size': { enabled: true } } })
    .analyze();
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary ?? ''}`),
  );
}

for (const theme of ['light', 'dark'] as const)
  for (const locale of ['en', 'ru'])
    test(`axe finds nothing: ${theme}, ${locale}`, async ({ browser, console: site }) => {
      test.setTimeout(240_000);
      answered(site.state);
      const found: string[] = [];
      for (const person of [null, 'wanda', 'otto', 'clara', 'ada']) {
        const context = await browser.newContext({ colorScheme: theme, locale });
        const page = await context.newPage();
        await page.goto(`${site.url}/app/`);
        if (person !== null) await signIn(page, person);
        for (const [name, who, path] of PAGES) {
          if (who !== person) continue;
          await page.goto(`${site.url}/app${path}`);
          await page.waitForLoadState('networkidle');
          const dialog = page.locator('dialog[open]');
          for (const one of await violations(page)) found.push(`${name}: ${one}`);
          if ((await dialog.count()) === 0) continue;
          await page.keyboard.press('Escape');
          for (const one of await violations(page)) found.push(`${name}, closed: ${one}`);
        }
        await context.close();
      }
      expect(found).toEqual([]);
    });
