/** Text that other tools stumble over: right to left, emoji, and very long. */
import { expect, test } from '../console.ts';
import { PROJECT } from '../fake/state.ts';

const WORK = `/work/${PROJECT}`;

test('RTL text stands at the right and stays there; what is typed in it as well', async ({
  page,
  console: site,
}) => {
  const hebrew = 'הסוללה מחזיקה יומיים, ואת זה אני אוהב 😀 (v2.0).';
  site.state.labeling.instructions = '';
  site.state.labeling.fields.push({ name: 'note', title: 'למה?', type: 'TEXT' });
  site.state.fill(3, (n) => ({ id: n, text: hebrew }));
  await site.open(page, 'wanda', WORK);
  const text = page.getByText(hebrew, { exact: true });
  await expect(text).toBeVisible();
  expect(await text.evaluate((one) => getComputedStyle(one).direction)).toBe('rtl');
  const place = await text.boundingBox();
  const item = await page.getByRole('region', { name: 'Item' }).boundingBox();
  // The words end at the right edge of their box; the page itself stays left to right.
  const right = await text.evaluate((one) => {
    const range = document.createRange();
    range.selectNodeContents(one);
    return one.getBoundingClientRect().right - range.getBoundingClientRect().right;
  });
  expect(right).toBeLessThan(2);
  expect(place?.x).toBeGreaterThanOrEqual(item?.x ?? 0);
  const note = page.getByLabel('למה?');
  await note.fill('כי הסוללה טובה 👍🏽');
  expect(await note.evaluate((one) => getComputedStyle(one).direction)).toBe('rtl');
  expect(await text.boundingBox()).toEqual(place);
  await page.getByLabel('good').check();
  await note.press('Control+Enter');
  await expect.poll(() => site.state.log[0]?.answer['note']).toBe('כי הסוללה טובה 👍🏽');
  // The next item stands where this one stood.
  await expect.poll(() => page.getByText(hebrew, { exact: true }).boundingBox()).toEqual(place);
});

// A measurement, so not among the short ones, which run beside builds.
test(
  'a text of 300 kB: no task over 200 ms, from item to item',
  { tag: '@full' },
  async ({ page, console: site }) => {
    const words = 'The battery lasts two days, and that is what I bought it for. 😀\n';
    const long = words.repeat(Math.ceil(300_000 / words.length));
    site.state.labeling.instructions = '';
    site.state.fill(4, (n) => ({ id: n, text: `Number ${n}. ${long}` }));
    await site.open(page, 'wanda', '/work');
    await page.evaluate(() => {
      const tasks: number[] = [];
      (window as unknown as { tasks: number[] }).tasks = tasks;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) tasks.push(entry.duration);
      }).observe({ type: 'longtask', buffered: false });
    });
    await page.getByRole('link', { name: /Start/ }).click();
    for (let n = 1; n <= 3; n += 1) {
      await expect(page.getByText(`Number ${n}.`)).toBeVisible();
      await page.keyboard.press('3');
      await page.keyboard.press('Enter');
    }
    await expect(page.getByText('Number 4.')).toBeVisible();
    await page.mouse.wheel(0, 200_000);
    await page.waitForTimeout(500);
    const tasks = await page.evaluate(() => (window as unknown as { tasks: number[] }).tasks);
    process.stdout.write(`  tasks over 50 ms: ${tasks.map((one) => one.toFixed(0)).join(', ') || 'none'}\n`);
    expect(Math.max(0, ...tasks)).toBeLessThan(200);
  },
);
