/** Decisions of a reviewer are kept like answers: through a lost network, a killed API, a closed tab. */
import type { Page } from '@playwright/test';
import { expect, test, type Console } from '../console.ts';
import { PROJECT } from '../fake/state.ts';

/** Answers of wanda's that wait for a review. */
function answers(site: Console, count = 6): void {
  for (const task of site.state.tasks.slice(0, count)) {
    const answer = {
      id: site.state.id(),
      taskId: task.id,
      user: site.state.users[0]?.id ?? '',
      token: `t${task.id}`,
      answer: { rating: 'good' },
      at: '2026-11-27T08:00:00Z',
      status: 'IN_REVIEW',
      decisions: [],
    };
    task.answer = answer;
    site.state.answers.push(answer);
  }
}

async function atReview(page: Page, site: Console, count?: number): Promise<void> {
  answers(site, count);
  await site.open(page, 'otto', `/review/${PROJECT}`);
  await expect(page.getByText('number 1 lasts')).toBeVisible();
}

const statuses = (site: Console) => site.state.answers.map((one) => one.status);

test('the API is killed: decisions wait in the outbox and arrive once', async ({ page, console: site }) => {
  await atReview(page, site);
  site.state.isDown = true;
  await page.keyboard.press('a');
  await expect(page.getByText('number 2 lasts')).toBeVisible();
  await page.keyboard.press('r');
  await page.getByLabel('What is wrong?').fill('Sarcasm.');
  await page.getByLabel('What is wrong?').press('Control+Enter');
  await expect(page.getByText('number 3 lasts')).toBeVisible();
  await expect(page.getByText('2 being sent')).toBeVisible();
  site.state.isDown = false;
  await expect
    .poll(() => statuses(site).slice(0, 3), { timeout: 20_000 })
    .toEqual(['APPROVED', 'REJECTED', 'IN_REVIEW']);
  expect(site.state.answers[1]?.decisions.map((one) => one.comment)).toEqual(['Sarcasm.']);
  await expect(page.getByText('being sent')).toHaveCount(0);
});

test('a killed tab: the next one sends the decision, and does not show its answer again', async ({
  page,
  context,
  console: site,
}) => {
  await atReview(page, site);
  site.state.isDown = true;
  // Nothing is sent before it is on the disk.
  const tried = page.waitForRequest((one) => one.method() === 'POST' && one.url().endsWith('/approve'));
  await page.keyboard.press('a');
  await expect(page.getByText('number 2 lasts')).toBeVisible();
  await tried;
  await page.close({ runBeforeUnload: false });
  site.state.isDown = false;
  const next = await context.newPage();
  await next.goto(`${site.url}/app/review/${PROJECT}`);
  await expect(next.getByText('number 2 lasts')).toBeVisible({ timeout: 20_000 });
  await expect.poll(() => statuses(site)[0], { timeout: 20_000 }).toBe('APPROVED');
  expect(site.state.answers[0]?.decisions).toHaveLength(1);
});

test('an answer of the server that was lost: the repeated decision changes nothing', async ({
  page,
  console: site,
}) => {
  await atReview(page, site);
  site.state.lost.push(`/reviews/${site.state.answers[0]?.id}/approve`);
  await page.keyboard.press('a');
  await expect(page.getByText('number 2 lasts')).toBeVisible();
  await expect(page.getByText('being sent')).toHaveCount(0, { timeout: 20_000 });
  expect(statuses(site)[0]).toBe('APPROVED');
  expect(site.state.answers[0]?.decisions).toHaveLength(1);
  await expect(page.getByText('needs you')).toHaveCount(0);
});

test('U takes a decision back, before it went out and after', async ({ page, console: site }) => {
  await atReview(page, site);
  await page.keyboard.press('a');
  await expect.poll(() => statuses(site)[0]).toBe('APPROVED');
  await expect(page.getByText('being sent')).toHaveCount(0);
  await page.keyboard.press('u');
  await expect(page.getByText('number 1 lasts')).toBeVisible();
  expect(statuses(site)[0]).toBe('IN_REVIEW');
  site.state.isDown = true;
  await page.keyboard.press('a');
  await expect(page.getByText('number 2 lasts')).toBeVisible();
  // While it is being sent it is neither here nor there, and the page says so.
  await expect(async () => {
    await page.keyboard.press('u');
    await expect(page.getByText('number 1 lasts')).toBeVisible({ timeout: 500 });
  }).toPass();
  site.state.isDown = false;
  await page.waitForTimeout(1000);
  expect(statuses(site)[0]).toBe('IN_REVIEW');
});

test('the last decision arrives while the next answers are asked for: the page says that none is left', async ({
  page,
  console: site,
}) => {
  let sayAsked = () => {};
  let sayArrived = () => {};
  const asked = new Promise<void>((done) => (sayAsked = done));
  const arrived = new Promise<void>((done) => (sayArrived = done));
  let claims = 0;
  // From the page's beginning: a request that is sent while a first handler comes into force can be lost.
  await page.route('**/reviews/claim', async (route) => {
    claims += 1;
    const isWhileDeciding = claims === 2;
    const response = await route.fetch();
    if (isWhileDeciding) {
      sayAsked();
      await arrived;
    }
    await route.fulfill({ response });
  });
  await page.route('**/approve', async (route) => {
    await asked;
    await route.continue();
  });
  await atReview(page, site, 1);
  await page.keyboard.press('a');
  // The outbox forgets a decision when it has arrived, and asks for more.
  await expect.poll(() => statuses(site)[0]).toBe('APPROVED');
  await expect(page.getByText('being sent')).toHaveCount(0);
  sayArrived();
  await expect(page.getByRole('heading', { name: 'No answer waits for your review' })).toBeVisible();
});
