import { test, signIn } from '../console.ts';
import { answered, trained } from '../fake/history.ts';
import { PAGES, visit } from './pages.ts';

// Only for looking: CONSOLE_PICTURES names the folder.
const folder = process.env['CONSOLE_PICTURES'];
const themes = (process.env['CONSOLE_THEMES'] ?? 'light,dark').split(',') as ('light' | 'dark')[];
const widths = (process.env['CONSOLE_WIDTHS'] ?? '1280').split(',').map(Number);
test.skip(folder === undefined, 'CONSOLE_PICTURES is not set');

test('pictures of every page', { tag: '@full' }, async ({ browser, console: site, context }) => {
  test.setTimeout(600_000);
  void context;
  answered(site.state);
  trained(site.state);
  for (const theme of themes)
    for (const width of widths) {
      let [who, page]: [string | null, Awaited<ReturnType<typeof browser.newPage>> | null] = [null, null];
      for (const one of PAGES) {
        const [name, person] = one;
        if (page === null || person !== who) {
          await page?.context().close();
          page = await (
            await browser.newContext({
              viewport: { width, height: 800 },
              colorScheme: theme,
              locale: process.env['CONSOLE_LOCALE'] ?? 'en',
            })
          ).newPage();
          who = person;
          if (person !== null) {
            await page.goto(`${site.url}/app/`);
            await signIn(page, person);
          }
        }
        await visit(page, `${site.url}/app`, one);
        await page.waitForTimeout(500);
        await page.screenshot({ path: `${folder}/${name}-${theme}-${width}.png`, fullPage: width > 500 });
        await page.keyboard.press('Escape');
      }
      await page?.context().close();
    }
});
