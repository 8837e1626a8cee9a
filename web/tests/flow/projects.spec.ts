/** Lists of projects: what matters first, on a phone as well. */
import { expect, test } from '../console.ts';
import { DATASET, PROJECT } from '../fake/state.ts';

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

test('a phone shows name, state and progress of each project', async ({ page, console: site }) => {
  await page.setViewportSize({ width: 320, height: 568 });
  const names = { COMPLETED: 'Photographs of old buildings', DELETING: 'Supercalifragilistic' };
  await page.route('**/api/v1/projects?limit*', async (route) => {
    const answer = await route.fetch();
    const { items } = (await answer.json()) as { items: object[] };
    const others = Object.entries(names).map(([state, displayName]) => ({
      ...items[0],
      id: state,
      state,
      displayName,
    }));
    await route.fulfill({ response: answer, json: { items: [...items, ...others], nextCursor: null } });
  });
  await site.open(page, 'clara', '/client/projects');
  await expect(page.getByRole('row')).toHaveCount(4);
  const row = page.getByRole('row').filter({ hasText: 'Product reviews' });
  for (const shown of [
    row.getByRole('link', { name: 'Product reviews' }),
    row.getByText('active'),
    row.getByRole('img', { name: '2,200 of 3,708 done' }),
  ])
    await expect(shown).toBeInViewport({ ratio: 1 });
  await expect(page.getByRole('columnheader')).toHaveCount(3);
  const frame = page.locator('.table-frame');
  expect(await frame.evaluate((one) => one.scrollWidth <= one.clientWidth)).toBe(true);
  await page.setViewportSize({ width: 1280, height: 800 });
  await expect(page.getByRole('columnheader')).toHaveCount(6);
});

test('a dataset names its project, and leads back to its data', async ({ page, console: site }) => {
  await site.open(page, 'clara', `/client/datasets/${DATASET}`);
  await page.getByRole('link', { name: 'Product reviews · Data' }).click();
  await expect(page).toHaveURL(`${site.url}/app/client/projects/${PROJECT}/data`);
});
