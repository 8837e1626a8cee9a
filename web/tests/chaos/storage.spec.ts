/** A browser that keeps nothing, or has no room left: the work goes on, and says what it cannot keep. */
import type { Page } from '@playwright/test';
import { expect, signIn, test, type Console } from '../console.ts';
import { answered } from '../fake/history.ts';
import { PROJECT } from '../fake/state.ts';

const WORK = `/work/${PROJECT}`;

async function signedIn(page: Page, site: Console, person: string, path: string): Promise<void> {
  await page.goto(`${site.url}/app${path}`);
  await signIn(page, person);
}

const answer = async (page: Page) => {
  await page.keyboard.press('3');
  await page.keyboard.press('Enter');
};

test('without room in local storage: instructions open, answers go out, a rejection as well', async ({
  page,
  console: site,
}) => {
  await page.addInitScript(() => {
    Storage.prototype.setItem = () => {
      throw new DOMException('full', 'QuotaExceededError');
    };
  });
  answered(site.state);
  await signedIn(page, site, 'wanda', WORK);
  await expect(page.getByRole('dialog', { name: 'Instructions' })).toBeVisible();
  await page.keyboard.press('Escape');
  const before = site.state.log.length;
  await answer(page);
  await expect.poll(() => site.state.log.length).toBe(before + 1);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await signIn(page, 'otto');
  await page.getByRole('link', { name: /^Review/ }).click();
  await page.getByRole('button', { name: /^Reject/ }).click();
  await page.getByLabel('What is wrong?').fill('Sarcasm.');
  await page.getByLabel('What is wrong?').press('Control+Enter');
  await expect
    .poll(() => site.state.answers.flatMap((one) => one.decisions.map(({ comment }) => comment)))
    .toContain('Sarcasm.');
});

test('where a site may keep nothing at all, the console works until it is closed', async ({
  page,
  console: site,
}) => {
  site.state.labeling.instructions = '';
  await page.addInitScript(() => {
    for (const name of ['localStorage', 'sessionStorage', 'indexedDB'])
      Object.defineProperty(window, name, {
        get() {
          throw new DOMException('denied', 'SecurityError');
        },
      });
  });
  await signedIn(page, site, 'wanda', WORK);
  await expect(page.getByText('number 1 lasts')).toBeVisible();
  await answer(page);
  await expect(page.getByText('number 2 lasts')).toBeVisible();
  await answer(page);
  await expect.poll(() => site.state.log.map(({ taskId }) => taskId)).toEqual([1, 2]);
});

test('a full disk: an answer that cannot be kept is sent at once, and the page says so', async ({
  page,
  console: site,
}) => {
  site.state.labeling.instructions = '';
  await page.addInitScript(() => {
    IDBObjectStore.prototype.put = () => {
      throw new DOMException('full', 'QuotaExceededError');
    };
  });
  await site.open(page, 'wanda', WORK);
  await expect(page.getByText('number 1 lasts')).toBeVisible();
  await answer(page);
  await expect(page.getByText('has no room')).toBeVisible();
  await expect.poll(() => site.state.log.map(({ taskId }) => taskId)).toEqual([1]);
  await expect(page.getByText(/\d being sent/)).toHaveCount(0);
});
