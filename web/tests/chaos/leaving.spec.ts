/** Ways out of a page, and what must not be lost or mixed up on them. */
import { writeFileSync } from 'node:fs';
import { expect, test, PASSWORD } from '../console.ts';
import { PROJECT } from '../fake/state.ts';

const WORK = `/work/${PROJECT}`;
const OWNED = `/client/projects/${PROJECT}`;

test('Back asks before it leaves a wizard that is begun', async ({ page, console: site }) => {
  await site.open(page, 'clara', '/client/projects');
  await page.getByRole('link', { name: 'New project' }).click();
  await page.getByLabel('Name of the project').fill('Reviews of the year');
  page.once('dialog', (dialog) => void dialog.dismiss());
  await page.goBack();
  await expect(page.getByLabel('Name of the project')).toHaveValue('Reviews of the year');
  await expect(page).toHaveURL(/\/new$/);
  page.once('dialog', (dialog) => void dialog.accept());
  await page.goBack();
  await expect(page.getByRole('heading', { name: 'Projects', exact: true })).toBeVisible();
});

test('an address that is no text is an unknown page', async ({ page, console: site }) => {
  await site.open(page, 'wanda', '/work/%E0%A4%A');
  await expect(page.getByRole('heading', { name: 'There is no such page' })).toBeVisible();
});

test('somebody else who signs in over a page is not taken for its person', async ({
  page,
  console: site,
}) => {
  site.state.labeling.instructions = '';
  await site.open(page, 'wanda', WORK);
  await expect(page.getByText('number 1 lasts')).toBeVisible();
  site.state.endSessions();
  await page.keyboard.press('3');
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Sign in again' });
  await dialog.getByLabel('Username or e-mail').fill('otto');
  await dialog.getByLabel('Password').fill(PASSWORD);
  const asked: string[] = [];
  page.on('request', (request) => {
    if (
      /\/tasks\/\d+\/(submit|lock)$/.test(request.url()) &&
      request.headers()['authorization'] !== undefined
    )
      asked.push(`${request.url()} ${request.headers()['authorization']}`);
  });
  await dialog.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('link', { name: 'Account: otto' })).toBeVisible();
  await page.waitForTimeout(1000);
  expect(asked, "otto's token under wanda's answers").toEqual([]);
  expect(site.state.log).toEqual([]);
});

test('somebody else in another tab: this one sends nothing under their name', async ({
  page,
  context,
  console: site,
}) => {
  site.state.labeling.instructions = '';
  await site.open(page, 'wanda', WORK);
  await expect(page.getByText('number 1 lasts')).toBeVisible();
  const other = await context.newPage();
  await site.open(other, 'otto', '/points');
  await expect(other.getByRole('link', { name: 'Account: otto' })).toBeVisible();
  const asked: string[] = [];
  page.on('request', (request) => {
    if (/\/tasks\/\d+\/submit$/.test(request.url())) asked.push(request.url());
  });
  // The token of the first tab is over: it takes the cookie, which is somebody else's by now.
  const kept = site.state.users.find((one) => one.username === 'wanda');
  expect(kept).toBeDefined();
  site.state.expireAccess();
  await page.keyboard.press('3');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('link', { name: 'Account: otto' })).toBeVisible();
  await page.waitForTimeout(1000);
  expect(asked.length, 'one try with the old token, none with the new one').toBeLessThanOrEqual(1);
  expect(site.state.log).toEqual([]);
});

test('Esc does not close the sign-in that a page waits for', async ({ page, console: site }) => {
  site.state.labeling.instructions = '';
  await site.open(page, 'wanda', WORK);
  await expect(page.getByText('number 1 lasts')).toBeVisible();
  site.state.endSessions();
  await page.keyboard.press('3');
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Sign in again' });
  await expect(dialog).toBeVisible();
  for (let n = 0; n < 4; n += 1) await page.keyboard.press('Escape');
  await page.waitForTimeout(300);
  await expect(dialog).toBeVisible();
});

test('keys do nothing behind a dialog', async ({ page, console: site }) => {
  site.state.labeling.instructions = '';
  await site.open(page, 'wanda', WORK);
  await expect(page.getByText('number 1 lasts')).toBeVisible();
  site.state.endSessions();
  await page.keyboard.press('3');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog', { name: 'Sign in again' })).toBeVisible();
  await expect(page.getByText('number 2 lasts')).toBeVisible();
  // A press beside the dialog takes the focus out of it.
  await page.mouse.click(5, 5);
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await page.keyboard.press('3');
  await page.keyboard.press('Enter');
  await page.waitForTimeout(300);
  await expect(page.getByText('number 2 lasts')).toBeVisible();
});

test('a project that was deleted meanwhile says so', async ({ page, console: site }) => {
  await page.clock.install();
  await site.open(page, 'clara', OWNED);
  await expect(page.getByRole('heading', { name: 'Product reviews' })).toBeVisible();
  await page.route(`**/api/v1/projects/${PROJECT}`, (route) =>
    route.fulfill({ status: 404, json: { code: 'not_found', message: 'There is no such project.' } }),
  );
  await page.clock.runFor(10_000);
  await expect(page.getByText('There is no such project.')).toBeVisible();
});

test('a page that no longer hears of its project says so, and keeps what it knew', async ({
  page,
  console: site,
}) => {
  await page.clock.install();
  await site.open(page, 'clara', OWNED);
  await expect(page.getByRole('heading', { name: 'Product reviews' })).toBeVisible();
  site.state.isDown = true;
  for (let n = 0; n < 5; n += 1) {
    await page.clock.runFor(4000);
    await page.waitForTimeout(50);
  }
  await expect(page.getByText('The server cannot be reached')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Product reviews' })).toBeVisible();
});

test('columns that are added after a look at the next step are columns of their own', async ({
  page,
  console: site,
}) => {
  await site.open(page, 'clara', '/client/projects/new');
  await page.getByLabel('Name of the project').fill('Reviews');
  await page.getByRole('button', { name: 'Add a column' }).click();
  await page.getByLabel('Main column').fill('first');
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByRole('button', { name: 'Back' }).click();
  await page.getByRole('button', { name: 'Add a column' }).click();
  await page.getByLabel('Column', { exact: true }).fill('second');
  await page.getByRole('button', { name: 'Remove the column first' }).click();
  await expect(page.getByLabel('Main column')).toHaveValue('second');
  await expect(page.getByLabel('Column', { exact: true })).toHaveCount(0);
});

test('a file that changed since it was chosen is named as the reason', async ({ page, console: site }) => {
  const file = test.info().outputPath('items.csv');
  writeFileSync(file, 'id,text\n1,a\n');
  await site.open(page, 'clara', `${OWNED}/data`);
  await page.locator('input[type=file]').setInputFiles(file);
  await expect(page.getByRole('cell', { name: 'a', exact: true })).toBeVisible();
  await page.waitForTimeout(1100);
  writeFileSync(file, 'id,text\n1,a longer one\n');
  await page.getByRole('button', { name: 'Upload', exact: true }).click();
  await expect(page.getByRole('alert')).toContainText('changed since you chose it');
});
