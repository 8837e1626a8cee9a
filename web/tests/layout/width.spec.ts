/** A phone: no sideways scroll, the buttons of the work on screen, targets as large as a thumb. */
import { expect, signIn, test } from '../console.ts';
import { answered, trained } from '../fake/history.ts';
import { PAGES, visit } from './pages.ts';

/**
 * What can be hit on the page and is less than 44 pixels high or wide. A box or a circle is as large as its label; links within a
 * sentence are as high as its line (WCAG 2.5.8).
 */
const SMALL_TARGETS = () => {
  const inSentence = (one: Element) =>
    one.matches('a') && (one.parentElement?.textContent ?? '').trim() !== (one.textContent ?? '').trim();
  return [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [role="button"]')]
    .map((one) => (one.matches('[type=checkbox], [type=radio]') ? (one.closest('label') ?? one) : one))
    .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !inSentence(one))
    .map((one) => ({ one, box: one.getBoundingClientRect() }))
    .filter(({ box }) => box.width > 1 && box.height > 1 && (box.height < 43.5 || box.width < 43.5))
    .map(
      ({ one, box }) => `${Math.round(box.width)} × ${Math.round(box.height)} ${one.outerHTML.slice(0, 120)}`,
    );
};

test(
  'no page scrolls sideways on 320 × 568, and every target is as large as a thumb',
  { tag: '@full' },
  async ({ browser, console: site }) => {
    test.setTimeout(240_000);
    answered(site.state);
    trained(site.state);
    const wide: string[] = [];
    const small = new Set<string>();
    for (const person of [null, 'wanda', 'otto', 'clara', 'ada']) {
      const context = await browser.newContext({ viewport: { width: 320, height: 568 } });
      const page = await context.newPage();
      await page.goto(`${site.url}/app/`);
      if (person !== null) await signIn(page, person);
      for (const one of PAGES) {
        const [name, whose] = one;
        if (whose !== person) continue;
        await visit(page, `${site.url}/app`, one);
        for (const target of await page.evaluate(SMALL_TARGETS)) small.add(`${name}: ${target}`);
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        if (width <= 320) continue;
        const beyond = await page.evaluate(() =>
          [...document.querySelectorAll('main *, dialog[open] *')]
            .filter((one) => one.getBoundingClientRect().right > 320)
            .map((one) => one.outerHTML.slice(0, 90)),
        );
        wide.push(`${name}: ${width} ${beyond.join(' | ')}`);
      }
      await context.close();
    }
    expect(wide).toEqual([]);
    expect([...small]).toEqual([]);
  },
);

test('Submit is on screen on a phone, with a long item and a long form', async ({ page, console: site }) => {
  await page.setViewportSize({ width: 320, height: 568 });
  site.state.labeling.instructions = '';
  site.state.fill(3, (n) => ({ id: n, text: 'A long story. '.repeat(400) }));
  site.state.labeling.fields = Array.from({ length: 6 }, (_, i) => ({
    name: `q${i}`,
    type: 'SINGLE_CHOICE',
    options: ['yes', 'no', 'perhaps'],
    required: true,
  }));
  await site.open(page, 'wanda', '/work/0190a000-0000-7000-8000-000000000001');
  const submit = page.getByRole('button', { name: 'Submit' });
  await expect(submit).toBeInViewport({ ratio: 1 });
  const box = await submit.boundingBox();
  expect(box?.height).toBeGreaterThanOrEqual(44);
});

test('the buttons stay where they are from item to item', async ({ page, console: site }) => {
  site.state.labeling.instructions = '';
  site.state.fill(4, (n) => ({ id: n, text: 'Words. '.repeat(n * 40) }));
  await site.open(page, 'wanda', '/work/0190a000-0000-7000-8000-000000000001');
  const submit = page.getByRole('button', { name: 'Submit' });
  const first = await submit.boundingBox();
  await page.evaluate(() => {
    const shifts: string[] = [];
    (window as unknown as { shifts: string[] }).shifts = shifts;
    interface Shift extends PerformanceEntry {
      readonly sources: readonly {
        readonly node: Element | null;
        previousRect: DOMRect;
        currentRect: DOMRect;
      }[];
    }
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as Shift[])
        for (const { node, previousRect, currentRect } of entry.sources)
          shifts.push(`${node?.nodeName}.${node?.className} ${JSON.stringify([previousRect, currentRect])}`);
    }).observe({ type: 'layout-shift', buffered: false });
  });
  for (let i = 0; i < 3; i += 1) {
    await page.keyboard.press('3');
    await page.keyboard.press('Enter');
    await expect(submit).toBeVisible();
    expect(await submit.boundingBox()).toEqual(first);
  }
  expect(await page.evaluate(() => (window as unknown as { shifts: string[] }).shifts)).toEqual([]);
});
