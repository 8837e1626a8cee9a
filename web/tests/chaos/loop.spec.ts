/** What annotators lost elsewhere: each complaint is a test here, by its name. */
import type { Page } from '@playwright/test';
import { expect, signIn, test, PASSWORD, type Console } from '../console.ts';
import { PROJECT } from '../fake/state.ts';

const WORK = `/work/${PROJECT}`;
const item = (page: Page, n: number) => page.getByText(`number ${n} lasts`);

async function atWork(page: Page, site: Console, rows = 12): Promise<void> {
  site.state.labeling.instructions = '';
  site.state.fill(rows);
  await site.open(page, 'wanda', WORK);
  await expect(item(page, 1)).toBeVisible();
}

async function answer(page: Page, key = '3'): Promise<void> {
  await page.keyboard.press(key);
  await page.keyboard.press('Enter');
}

const said = (site: Console) => site.state.log.map(({ taskId, answer: given }) => [taskId, given['rating']]);

test('the network is gone: work goes on, and everything arrives once', async ({
  page,
  context,
  console: site,
}) => {
  await atWork(page, site);
  await context.setOffline(true);
  for (const n of [1, 2, 3, 4]) {
    await expect(item(page, n)).toBeVisible();
    await answer(page);
  }
  await expect(page.getByText('You are offline')).toBeVisible();
  expect(site.state.log).toEqual([]);
  await context.setOffline(false);
  await expect(item(page, 5)).toBeVisible({ timeout: 20_000 });
  await expect.poll(() => said(site)).toHaveLength(4);
  expect(new Set(said(site).map(([id]) => id))).toEqual(new Set([1, 2, 3, 4]));
});

test('whoever is blocked is not left to answer what is held in vain', async ({ page, console: site }) => {
  await atWork(page, site);
  site.state.isBlocked = true;
  await answer(page);
  await expect(page.getByRole('region', { name: 'Answers that need you' })).toContainText(/./);
  await expect(item(page, 2)).toBeHidden({ timeout: 5_000 });
  await expect(item(page, 3)).toBeHidden();
  // What was typed for the one on screen is not thrown away.
  site.state.isBlocked = false;
  await page.getByRole('button', { name: 'Discard' }).click();
  await expect(page.getByRole('region', { name: 'Answers that need you' })).toBeHidden();
  await page.reload();
  await expect(item(page, 1)).toBeVisible();
});

test('the API is killed and its last answer lost: nothing is lost, nothing doubled', async ({
  page,
  console: site,
}) => {
  await atWork(page, site);
  site.state.lost.push('/tasks/1/submit');
  await answer(page, '1');
  await expect.poll(() => site.state.log.length).toBe(1);
  site.state.isDown = true;
  await answer(page, '2');
  await answer(page, '3');
  site.state.isDown = false;
  await expect
    .poll(() => said(site).sort(), { timeout: 20_000 })
    .toEqual([
      [1, 'bad'],
      [2, 'neutral'],
      [3, 'good'],
    ]);
  await expect(page.getByText('being sent')).toHaveCount(0);
  expect(site.state.answers.filter((one) => one.taskId === 1)).toHaveLength(1);
});

test('a claim that was answered before a submit and arrives after it shows nothing again', async ({
  page,
  console: site,
}) => {
  let claims = 0;
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  await page.route('**/tasks/claim', async (route) => {
    const response = await route.fetch();
    claims += 1;
    if (claims > 1) await released;
    await route.fulfill({ response });
  });
  await atWork(page, site, 1);
  await expect.poll(() => claims).toBe(2);
  await answer(page);
  await expect.poll(() => site.state.log.length).toBe(1);
  await expect(page.getByText('being sent')).toHaveCount(0);
  release();
  await expect(page.getByText('No task for you just now')).toBeVisible();
  await expect(item(page, 1)).toBeHidden();
});

test('the access token expires in the middle: nobody notices', async ({ page, console: site }) => {
  await atWork(page, site);
  await answer(page);
  site.state.expireAccess();
  await answer(page);
  await answer(page);
  await expect.poll(() => said(site)).toHaveLength(3);
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('the session dies: sign-in comes over the same item, and what was typed is sent', async ({
  page,
  console: site,
}) => {
  site.state.labeling.fields.push({ name: 'note', title: 'Why?', type: 'TEXT' });
  await atWork(page, site);
  await page.getByLabel('Why?').fill('because of the battery');
  site.state.endSessions();
  await page.getByLabel('Why?').press('Control+Enter');
  await expect(page.getByText('This needs an answer.')).toBeVisible();
  await page.getByLabel('good').check();
  await page.getByLabel('Why?').press('Control+Enter');
  const dialog = page.getByRole('dialog', { name: 'Sign in again' });
  await expect(dialog).toBeVisible();
  await expect(dialog.getByLabel('Username or e-mail')).toHaveValue('wanda');
  await dialog.getByLabel('Password').fill(PASSWORD);
  await dialog.getByRole('button', { name: 'Sign in' }).click();
  await expect(dialog).toBeHidden();
  await expect
    .poll(() => site.state.log.map((one) => one.answer))
    .toEqual([{ rating: 'good', note: 'because of the battery' }]);
  await expect(item(page, 2)).toBeVisible();
});

test('a reload keeps what was typed', async ({ page, console: site }) => {
  site.state.labeling.fields.push({ name: 'note', title: 'Why?', type: 'TEXT' });
  await atWork(page, site);
  await page.getByLabel('good').check();
  await page.getByLabel('Why?').fill('half a thou');
  await page.reload();
  await expect(item(page, 1)).toBeVisible();
  await expect(page.getByLabel('Why?')).toHaveValue('half a thou');
  await expect(page.getByLabel('good')).toBeChecked();
});

test('a killed tab loses nothing: what waits in the outbox goes out from the next one', async ({
  page,
  context,
  console: site,
}) => {
  await atWork(page, site);
  site.state.isDown = true;
  await answer(page, '1');
  await answer(page, '2');
  await expect(item(page, 3)).toBeVisible();
  await page.waitForTimeout(300);
  await page.close({ runBeforeUnload: false });
  site.state.isDown = false;
  const next = await context.newPage();
  await next.goto(`${site.url}/app/work`);
  await expect
    .poll(() => said(site).sort(), { timeout: 20_000 })
    .toEqual([
      [1, 'bad'],
      [2, 'neutral'],
    ]);
});

test("an outbox is its person's: nothing is sent for somebody else", async ({ page, console: site }) => {
  await atWork(page, site);
  site.state.isDown = true;
  await answer(page);
  await page.waitForTimeout(300);
  await page.evaluate(() => localStorage.removeItem('datacrowd.session'));
  // Her own page would send it as soon as the server is back.
  await page.goto('about:blank');
  site.state.isDown = false;
  await page.goto(`${site.url}/app/`);
  await signIn(page, 'otto');
  await page.goto(`${site.url}/app${WORK}`);
  await page.waitForTimeout(1500);
  expect(site.state.log).toEqual([]);
});

test('two tabs: the second says so, and can take over', async ({ page, context, console: site }) => {
  await atWork(page, site);
  const second = await context.newPage();
  await second.goto(`${site.url}/app${WORK}`);
  await expect(second.getByText('in another tab')).toBeVisible();
  await second.getByRole('button', { name: 'Work here' }).click();
  await expect(item(second, 1)).toBeVisible();
  await expect(page.getByText('in another tab')).toBeVisible();
  await answer(second);
  await expect.poll(() => said(site)).toEqual([[1, 'good']]);
});

test('two tabs that renew at once do it one after the other, and the session lives', async ({
  page,
  context,
  console: site,
}) => {
  await site.open(page, 'wanda', '/answers');
  const second = await context.newPage();
  await second.goto(`${site.url}/app/answers`);
  for (const tab of [page, second]) await expect(tab.getByLabel('Status')).toBeVisible();
  site.state.latency = 500;
  // Not the same list in both: the browser would have one tab wait for the other's answer.
  for (const statuses of [
    ['APPROVED', 'REJECTED'],
    ['IN_REVIEW', 'VOIDED'],
  ]) {
    site.state.expireAccess();
    const both = [page, second].map(async (tab, i) => {
      const status = statuses[i] ?? '';
      const answered = tab.waitForResponse(
        (response) => response.url().includes(`status=${status}`) && response.ok(),
      );
      await tab.getByLabel('Status').selectOption(status);
      await answered;
    });
    await Promise.all(both);
  }
  for (const tab of [page, second]) await expect(tab.getByRole('dialog')).toHaveCount(0);
  expect(site.state.refreshes.most, 'renewals that ran at once').toBe(1);
});

test('a lease that ended: a clear end, the text kept, and the task taken again', async ({
  page,
  console: site,
}) => {
  site.state.labeling.lockSeconds = 5;
  await page.clock.install();
  await atWork(page, site);
  await page.keyboard.press('3');
  const task = site.state.tasks[0];
  await expect.poll(() => task?.lease).not.toBeNull();
  // Gone at the server; the next renewal tells.
  if (task !== undefined) task.lease = null;
  await page.clock.runFor(4000);
  await expect(page.getByText('The time for this task is over')).toBeVisible();
  await expect(page.getByLabel('good')).toBeChecked();
  await expect(page.getByRole('button', { name: 'Submit' })).toBeDisabled();
  await page.getByRole('button', { name: 'Take it again' }).click();
  await expect(page.getByText('The time for this task is over')).toBeHidden();
  await page.keyboard.press('Enter');
  await expect.poll(() => said(site)).toEqual([[1, 'good']]);
});

test('an answer whose lease ended on its way: the task is taken again for it', async ({
  page,
  console: site,
}) => {
  await atWork(page, site);
  const task = site.state.tasks[0];
  if (task !== undefined) task.lease = null;
  await answer(page);
  await expect.poll(() => said(site)).toEqual([[1, 'good']]);
});

test('an answer that the server refuses stays until its author throws it away', async ({
  page,
  console: site,
}) => {
  site.state.labeling.fields[0]?.options?.push('poison');
  await atWork(page, site);
  await answer(page, '4');
  await expect(page.getByText('Answers that need you')).toBeVisible();
  await expect(page.getByText('How does the sentence feel?: must be one of the options')).toBeVisible();
  await page.reload();
  await page.getByRole('button', { name: 'Open it again' }).click();
  await expect(item(page, 1)).toBeVisible();
  await expect(page.getByLabel('poison')).toBeChecked();
  await answer(page, '1');
  await expect.poll(() => said(site)).toEqual([[1, 'bad']]);
  await expect(page.getByText('Answers that need you')).toHaveCount(0);
});

test('U takes back up to ten, through the withdraw; never what no reviewer will see', async ({
  page,
  console: site,
}) => {
  await atWork(page, site);
  await answer(page, '1');
  await answer(page, '2');
  await expect.poll(() => said(site)).toHaveLength(2);
  await expect(page.getByText('being sent')).toHaveCount(0);
  await page.keyboard.press('u');
  await expect(item(page, 2)).toBeVisible();
  await expect(page.getByLabel('neutral')).toBeChecked();
  await page.keyboard.press('u');
  await expect(item(page, 1)).toBeVisible();
  await answer(page, '3');
  await expect(item(page, 2)).toBeVisible();
  site.state.labeling.reviewersPerAnswer = 0;
  await answer(page, '3');
  await expect(page.getByText('being sent')).toHaveCount(0);
  await expect.poll(() => site.state.answers.filter((one) => one.status !== 'WITHDRAWN')).toHaveLength(2);
  await page.keyboard.press('u');
  await expect(page.getByText('has no reviewers')).toBeVisible();
});

test('an empty queue offers to take back what can be taken back, and nothing else', async ({
  page,
  console: site,
}) => {
  await atWork(page, site, 1);
  await answer(page, '1');
  await expect(page.getByText('No task for you just now')).toBeVisible();
  const back = page.getByRole('button', { name: 'Take back' });
  await expect(back).toHaveClass(/quiet/);
  await back.click();
  await expect(item(page, 1)).toBeVisible();
  await answer(page, '3');
  await expect(back).toBeVisible();
  // What is on its way is taken back without the server.
  await expect.poll(() => site.state.answers.filter((one) => one.status !== 'WITHDRAWN')).toHaveLength(1);
  await expect(page.getByText('being sent')).toHaveCount(0);
  for (const one of site.state.answers) one.status = 'APPROVED';
  await back.click();
  await expect(page.getByText('already_reviewed')).toBeVisible();
  await expect(back).toHaveCount(0);
  await page.reload();
  await expect(page.getByText('No task for you just now')).toBeVisible();
  await expect(back).toHaveCount(0);
});

test('a held Enter submits once; a double click as well', async ({ page, console: site }) => {
  await atWork(page, site);
  await page.keyboard.press('3');
  await page.keyboard.down('Enter');
  await page.keyboard.down('Enter');
  await page.keyboard.down('Enter');
  await page.keyboard.up('Enter');
  await expect(item(page, 2)).toBeVisible();
  await page.keyboard.press('3');
  await page.getByRole('button', { name: 'Submit' }).dblclick();
  await expect(item(page, 3)).toBeVisible();
  await page.waitForTimeout(300);
  expect(said(site)).toEqual([
    [1, 'good'],
    [2, 'good'],
  ]);
});

test('tasks that nobody began are given back when the page goes', async ({ page, console: site }) => {
  await atWork(page, site);
  await expect.poll(() => site.state.tasks.filter((one) => one.lease !== null).length).toBe(4);
  await page.goto(`${site.url}/app/points`);
  await expect.poll(() => site.state.tasks.filter((one) => one.lease !== null).length).toBe(0);
});

test('script in an item, an option, an error: text', async ({ page, console: site }) => {
  const evil = '<img src=x onerror=alert(1)><script>alert(2)</script>';
  site.state.labeling.fields = [
    { name: 'rating', title: evil, type: 'SINGLE_CHOICE', options: [evil, 'ok'], help: evil },
  ];
  await atWork(page, site);
  site.state.fill(2, () => ({ text: evil }));
  await page.reload();
  await expect(page.getByText(evil).first()).toBeVisible();
  expect(await page.locator('#app img, #app script').count()).toBe(0);
});

test('what a newer server asks or shows is named, not broken', async ({ page, console: site }) => {
  site.state.labeling.display = [{ column: 'text', kind: 'HOLOGRAM' }];
  site.state.labeling.fields.push({ name: 'box', title: 'Draw it', type: 'BOXES' });
  await atWork(page, site);
  await expect(page.getByText('does not know items of the kind HOLOGRAM')).toBeVisible();
  await expect(page.getByText('does not know how to ask: Draw it')).toBeVisible();
  await answer(page);
  await expect.poll(() => said(site)).toEqual([[1, 'good']]);
});

test('numbers keep their digits, from the item to the answer', async ({ page, console: site }) => {
  site.state.labeling.fields = [{ name: 'n', title: 'How much?', type: 'NUMBER', required: true }];
  site.state.labeling.display = [{ column: 'text', kind: 'TEXT' }];
  await atWork(page, site);
  const submitted: string[] = [];
  await page.route('**/submit', async (route) => {
    submitted.push(route.request().postData() ?? '');
    await route.continue();
  });
  site.state.fill(2, () => ({ text: '\0' + '12345678901234567890.10' }));
  await page.reload();
  await expect(page.getByText('12345678901234567890.10')).toBeVisible();
  await page.getByLabel('How much?').fill('0,1000000000000000000001');
  await page.getByLabel('How much?').press('Control+Enter');
  await expect.poll(() => submitted).toEqual([expect.stringContaining('"n":0.1000000000000000000001')]);
});
