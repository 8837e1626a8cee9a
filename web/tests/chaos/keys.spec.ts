/** Keys: what they mean on any keyboard, and where they mean nothing. */
import type { Page } from '@playwright/test';
import { expect, test, type Console } from '../console.ts';
import { PROJECT } from '../fake/state.ts';

async function atWork(page: Page, site: Console): Promise<void> {
  site.state.labeling.instructions = '';
  site.state.labeling.fields.push({ name: 'note', title: 'Why?', type: 'TEXT' });
  await site.open(page, 'wanda', `/work/${PROJECT}`);
  await expect(page.getByText('number 1 lasts')).toBeVisible();
}

/** A press as a browser tells it with another layout than the driver's. */
interface Pressed {
  key: string;
  code: string;
  ctrlKey?: boolean;
  isComposing?: boolean;
  keyCode?: number;
}
const press = (page: Page, init: Pressed) =>
  page.evaluate((one) => {
    const target = document.activeElement ?? document.body;
    target.dispatchEvent(new KeyboardEvent('keydown', { ...one, bubbles: true, cancelable: true }));
  }, init);

test('keys work on a Russian and on a French layout', async ({ page, console: site }) => {
  await atWork(page, site);
  await press(page, { key: 'ы', code: 'KeyS' });
  await expect(page.getByRole('dialog', { name: 'Skip this task' })).toBeVisible();
  await page.keyboard.press('Escape');
  // Keys behind a dialog do nothing, and the browser closes it when it comes to it.
  await expect(page.getByRole('dialog')).toHaveCount(0);
  // AZERTY prints & on the key of the digit 1.
  await press(page, { key: '&', code: 'Digit1' });
  await expect(page.getByLabel('bad')).toBeChecked();
  // Dvorak prints o where QWERTY has s: the letter that is printed is meant.
  await press(page, { key: 'o', code: 'KeyS' });
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('a key that follows the end of a dialog at once is not lost', async ({ page, console: site }) => {
  await atWork(page, site);
  await page.keyboard.press('s');
  await expect(page.getByLabel('Why?').first()).toBeVisible();
  const where = await page.evaluate(() => {
    document.querySelector<HTMLDialogElement>('dialog[open]')?.close();
    const focused = document.activeElement;
    focused?.dispatchEvent(new KeyboardEvent('keydown', { key: '3', code: 'Digit3', bubbles: true }));
    return focused?.closest('dialog') !== null;
  });
  expect(where, 'no frame was drawn since').toBe(true);
  await expect(page.getByLabel('good')).toBeChecked();
});

test('single keys are letters in a text box; Ctrl+Enter submits there, Esc leads out', async ({
  page,
  console: site,
}) => {
  await atWork(page, site);
  const note = page.getByLabel('Why?');
  await note.focus();
  await page.keyboard.type('us?123[]');
  await expect(note).toHaveValue('us?123[]');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.keyboard.press('Enter');
  await expect(note).toHaveValue('us?123[]\n');
  await page.keyboard.press('Escape');
  await page.keyboard.press('3');
  await expect(page.getByLabel('good')).toBeChecked();
  await note.press('Control+Enter');
  await expect.poll(() => site.state.log.length).toBe(1);
});

test("an input method's Enter does not submit", async ({ page, console: site }) => {
  await atWork(page, site);
  await page.keyboard.press('3');
  await page.getByLabel('Why?').focus();
  await press(page, { key: 'Enter', code: 'Enter', ctrlKey: true, isComposing: true });
  await press(page, { key: 'Enter', code: 'Enter', ctrlKey: true, keyCode: 229 });
  await page.waitForTimeout(300);
  expect(site.state.log).toEqual([]);
  await expect(page.getByText('number 1 lasts')).toBeVisible();
});

test('no single key destroys anything: Backspace and Delete do nothing', async ({ page, console: site }) => {
  await atWork(page, site);
  await page.getByLabel('Why?').fill('because');
  await page.keyboard.press('Escape');
  await page.keyboard.press('3');
  for (const key of ['Backspace', 'Delete', 'x', 'd', 'Escape']) await page.keyboard.press(key);
  await expect(page.getByLabel('Why?')).toHaveValue('because');
  await expect(page.getByLabel('good')).toBeChecked();
  await expect(page.getByText('number 1 lasts')).toBeVisible();
});

test('single keys can be turned off; Enter still submits', async ({ page, console: site }) => {
  await site.open(page, 'wanda', '/account');
  await page.getByLabel(/Single keys/).uncheck();
  site.state.labeling.instructions = '';
  await page.goto(`${site.url}/app/work/${PROJECT}`);
  await expect(page.getByText('number 1 lasts')).toBeVisible();
  await page.keyboard.press('3');
  await page.keyboard.press('s');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(page.getByLabel('good')).not.toBeChecked();
  await page.getByLabel('good').check();
  await page.getByLabel('good').press('Enter');
  await expect.poll(() => site.state.log.length).toBe(1);
});

test('no option has a key that means something else', async ({ page, console: site }) => {
  const options = Array.from({ length: 30 }, (_, i) => `option ${i + 1}`);
  site.state.labeling.fields = [{ name: 'rating', type: 'SINGLE_CHOICE', options, required: true }];
  site.state.labeling.instructions = '';
  await site.open(page, 'wanda', `/work/${PROJECT}`);
  await expect(page.getByText('number 1 lasts')).toBeVisible();
  const hints = await page.locator('.option kbd').allTextContents();
  expect(new Set(hints).size).toBe(hints.length);
  for (const taken of ['S', 'U', 'A', 'R', 'P', '?', '[', ']']) expect(hints).not.toContain(taken);
  await page.keyboard.press(hints.at(-1)?.toLowerCase() ?? '');
  await expect(page.getByRole('radio', { name: `option ${hints.length}`, exact: true })).toBeChecked();
});

test('the first question without an answer has the keys, also when it takes several options', async ({
  page,
  console: site,
}) => {
  site.state.labeling.instructions = '';
  site.state.labeling.fields = [
    { name: 'tags', title: 'About?', type: 'MULTI_CHOICE', options: ['price', 'sound'], required: true },
    { name: 'rating', title: 'Feeling?', type: 'SINGLE_CHOICE', options: ['bad', 'good'], required: true },
    { name: 'sure', title: 'Sure?', type: 'BOOLEAN', required: true },
  ];
  await site.open(page, 'wanda', `/work/${PROJECT}`);
  await expect(page.getByText('number 1 lasts')).toBeVisible();
  for (const key of ['1', '2', ']', '2', '1', 'Enter']) await page.keyboard.press(key);
  await expect
    .poll(() => site.state.log.map(({ answer }) => answer))
    .toEqual([{ tags: ['price', 'sound'], rating: 'good', sure: true }]);
});

const REASONS = [
  ['PAUSED', 'The project is paused'],
  ['ENDED', 'The project has ended'],
  ['ALL_SEEN', 'You have answered, reviewed or skipped every open task'],
  ['ALL_LEASED', 'Every open task is with another worker'],
  ['GENERATING', 'The tasks are still being made'],
  ['IN_REVIEW', 'Every task is answered'],
  ['DONE', 'Every task is done'],
] as const;

test('an empty queue says why, and when to come back', async ({ page, console: site }) => {
  site.state.labeling.instructions = '';
  site.state.fill(1);
  site.state.tasks[0]?.skippedBy.add(site.state.users[0]?.id ?? '');
  site.state.leasedUntil = '2026-11-27T12:34:00Z';
  const [first, ...others] = REASONS;
  site.state.nothing = first[0];
  await site.open(page, 'wanda', `/work/${PROJECT}`);
  await expect(page.getByText(first[1])).toBeVisible();
  for (const [reason, text] of others) {
    site.state.nothing = reason;
    await page.getByRole('button', { name: 'Look again' }).click();
    await expect(page.getByText(text)).toBeVisible();
    await expect(page.getByText('The next one may come free at')).toBeVisible();
  }
});

test('counters are items, and those of the API', async ({ page, console: site }) => {
  site.state.labeling.instructions = '';
  await site.open(page, 'wanda', `/work/${PROJECT}`);
  for (let n = 1; n <= 3; n += 1) {
    await expect(page.getByText(`number ${n} lasts`)).toBeVisible();
    await page.keyboard.press('3');
    await page.keyboard.press('Enter');
  }
  await expect.poll(() => site.state.log.length).toBe(3);
  const shown = page.getByText(/answers of yours/);
  await expect(shown).toContainText('3 answers of yours · 0 of 12 tasks done');
  await page.reload();
  await expect(shown).toContainText('3 answers of yours · 0 of 12 tasks done');
  for (const answer of site.state.answers) answer.status = 'APPROVED';
  await page.goto(`${site.url}/app/work`);
  await expect(page.getByText('3 of 12 tasks done · 3 answers of yours')).toBeVisible();
  await page.goto(`${site.url}/app/points`);
  await expect(page.getByText('15', { exact: true })).toBeVisible();
});

test('a queue that ran empty says how far the project is now', async ({ page, console: site }) => {
  site.state.labeling.instructions = '';
  site.state.fill(2, (n) => ({ id: n, text: `Item ${n}.` }));
  await site.open(page, 'wanda', `/work/${PROJECT}`);
  for (const n of [1, 2]) {
    await expect(page.getByText(`Item ${n}.`)).toBeVisible();
    await page.keyboard.press('3');
    await page.keyboard.press('Enter');
  }
  await expect.poll(() => site.state.log.length).toBe(2);
  const shown = page.getByText(/answers of yours/);
  await expect(shown).toContainText('0 of 2 tasks done');
  for (const answer of site.state.answers) answer.status = 'APPROVED';
  await page.getByRole('button', { name: 'Look again' }).click();
  await expect(shown).toContainText('2 answers of yours · 2 of 2 tasks done');
});
