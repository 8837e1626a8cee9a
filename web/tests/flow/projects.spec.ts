/** Lists of projects: what matters first, on a phone as well. */
import { expect, test } from '../console.ts';

test('a finished project stands last, says so, and does not ask to be started', async ({
  page,
  console: site,
}) => {
  site.state.finished = ['Old reviews'];
  await site.open(page, 'wanda', '/work');
  await expect(page.getByRole('heading', { level: 2 })).toHaveText(['Product reviews', 'Old reviews']);
  const old = page.getByRole('listitem').filter({ hasText: 'Old reviews' });
  await expect(old).toContainText('All tasks are done · 40 of 40 tasks done');
  await expect(old.locator('.primary')).toHaveCount(0);
  await expect(page.getByRole('link', { name: 'Start Product reviews' })).toHaveClass(/primary/);
  await expect(page.getByRole('link', { name: 'Start Old reviews' })).toHaveCount(0);
  await expect(page.getByRole('link', { name: 'Open Old reviews' })).toBeVisible();
});
