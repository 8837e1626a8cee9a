/** Images of any size, sound by keys, links that end: what workers meet beside text. */
import type { Page } from '@playwright/test';
import { expect, test, type Console } from '../console.ts';
import { png, wav } from '../fake/media.ts';
import { PROJECT } from '../fake/state.ts';

async function withFile(page: Page, site: Console, kind: string, name: string, bytes: Buffer, type: string) {
  site.state.labeling.instructions = '';
  site.state.labeling.display = [{ column: 'file', kind }];
  site.state.files.set(name, { bytes, type });
  site.state.fill(3, (n) => ({ id: n, file: name }));
  await site.open(page, 'wanda', `/work/${PROJECT}`);
}

const widthOf = (page: Page) =>
  page
    .getByRole('region', { name: 'Item' })
    .locator('img')
    .evaluate((one) => Math.round(one.getBoundingClientRect().width));
const frameOf = (page: Page) => page.getByRole('region', { name: 'Item' }).getByRole('group');

test('a huge image, 8000 × 6000: fits, goes to 1:1 and 800 %, by keys, and scrolls in its frame', async ({
  page,
  console: site,
}) => {
  await withFile(page, site, 'IMAGE', 'huge.png', png(8000, 6000), 'image/png');
  const img = frameOf(page).locator('img');
  await expect.poll(() => img.evaluate((one: HTMLImageElement) => one.naturalWidth)).toBe(8000);
  const frame = await frameOf(page).boundingBox();
  expect(await widthOf(page)).toBeLessThanOrEqual(frame?.width ?? 0);
  // The backslash leads to 1:1 and back.
  await page.keyboard.press('\\');
  expect(await widthOf(page)).toBe(8000);
  await page.keyboard.press('+');
  expect(await widthOf(page)).toBe(10_000);
  for (let i = 0; i < 12; i += 1) await page.keyboard.press('+');
  expect(await widthOf(page)).toBe(64_000);
  await page.keyboard.press('-');
  expect(await widthOf(page)).toBeLessThan(64_000);
  await frameOf(page).focus();
  // A page that is still drawing so large an image may not take the first.
  await expect
    .poll(async () => {
      await page.keyboard.press('ArrowRight');
      return frameOf(page).evaluate((one) => one.scrollLeft);
    })
    .toBeGreaterThan(0);
  await page.keyboard.press('\\');
  expect(await widthOf(page)).toBeLessThanOrEqual(frame?.width ?? 0);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(1280);
  await page.keyboard.press('3');
  await page.keyboard.press('Enter');
  await expect.poll(() => site.state.log.length).toBe(1);
});

test('the next image is there before its item comes on screen', async ({ page, console: site }) => {
  site.state.labeling.instructions = '';
  site.state.labeling.display = [{ column: 'file', kind: 'IMAGE' }];
  site.state.fill(3, (n) => ({ id: n, file: `${n}.png` }));
  for (const n of [1, 2, 3]) site.state.files.set(`${n}.png`, { bytes: png(80 + n, 60), type: 'image/png' });
  const next = page.waitForResponse((response) => response.url().endsWith('/files/2.png'));
  await site.open(page, 'wanda', `/work/${PROJECT}`);
  await (await next).finished();
  expect(site.state.log).toEqual([]);
  await expect.poll(() => frameOf(page).locator('img').getAttribute('alt')).not.toBeNull();
  // From here on the server gives no image any more: what comes on screen was there.
  site.state.files.clear();
  await page.keyboard.press('3');
  await page.keyboard.press('Enter');
  const img = frameOf(page).locator('img');
  await expect.poll(() => img.evaluate((one: HTMLImageElement) => one.naturalWidth)).toBe(82);
});

test('a small image, 80 × 60: not blown up, enlarged by keys with every pixel sharp', async ({
  page,
  console: site,
}) => {
  await withFile(page, site, 'IMAGE', 'small.png', png(80, 60), 'image/png');
  const img = frameOf(page).locator('img');
  await expect.poll(() => img.evaluate((one: HTMLImageElement) => one.naturalWidth)).toBe(80);
  expect(await widthOf(page)).toBe(80);
  for (let i = 0; i < 12; i += 1) await page.keyboard.press('+');
  expect(await widthOf(page)).toBe(640);
  expect(await img.evaluate((one) => getComputedStyle(one).imageRendering)).toBe('pixelated');
  await page.getByRole('button', { name: '1:1' }).click();
  expect(await widthOf(page)).toBe(80);
  await page.getByRole('button', { name: 'Fit' }).click();
  expect(await widthOf(page)).toBe(80);
});

test('sound by keys: play, three seconds back and on, speed', async ({ page, console: site }) => {
  await withFile(page, site, 'AUDIO', 'tone.wav', wav(20), 'audio/wav');
  const audio = page.locator('audio');
  const at = () => audio.evaluate((one: HTMLAudioElement) => one.currentTime);
  await expect.poll(() => audio.evaluate((one: HTMLAudioElement) => one.readyState)).toBeGreaterThan(2);
  await page.keyboard.press('.');
  expect(await at()).toBeCloseTo(3, 1);
  await page.keyboard.press('.');
  await page.keyboard.press(',');
  expect(await at()).toBeCloseTo(3, 1);
  await page.keyboard.press('p');
  await expect.poll(at).toBeGreaterThan(3.05);
  await page.keyboard.press('p');
  expect(await audio.evaluate((one: HTMLAudioElement) => one.paused)).toBe(true);
  await page.getByLabel('Speed').selectOption('1.5');
  expect(await audio.evaluate((one: HTMLAudioElement) => one.playbackRate)).toBe(1.5);
  // In the list of speeds keys are the list's; outside they are the work's again.
  await page.keyboard.press('Escape');
  await page.keyboard.press('3');
  await page.keyboard.press('Enter');
  await expect.poll(() => site.state.log.length).toBe(1);
});

test('a link that ended is asked for once more; a file that is not there is named', async ({
  page,
  console: site,
}) => {
  let asked = 0;
  await page.route('**/media/file', async (route) => {
    asked += 1;
    const answer = await route.fetch();
    const body = (await answer.json()) as { url: string };
    await route.fulfill({
      response: answer,
      json: { ...body, url: asked === 1 ? '/api/v1/files/ended.png' : body.url },
    });
  });
  site.state.labeling.lockSeconds = 30;
  await withFile(page, site, 'IMAGE', 'small.png', png(80, 60), 'image/png');
  await expect.poll(() => widthOf(page)).toBe(80);
  expect(asked).toBeGreaterThan(1);
  site.state.files.clear();
  await page.reload();
  await expect(page.getByText('The image cannot be shown')).toBeVisible();
});
