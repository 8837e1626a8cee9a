/** What a reviewer is told of models, on the double. */
import { expect, test } from '../console.ts';
import { answered, trained } from '../fake/history.ts';
import { PROJECT } from '../fake/state.ts';

test('what models say is shown when it is asked for, and hidden again for the next answer', async ({
  page,
  console: site,
}) => {
  answered(site.state);
  trained(site.state);
  for (const answer of site.state.answers) answer.status = 'IN_REVIEW';
  await site.open(page, 'otto', `/review/${PROJECT}`);
  await expect(page.getByText('number 1 lasts')).toBeVisible();
  const said = page.getByText('87.1%');
  const opens = page.getByText('What models say: judge the answer first');
  await expect(opens).toBeVisible();
  await expect(said).toBeHidden();
  await opens.press('Enter');
  await expect(said).toBeVisible();
  await expect(page.getByRole('group').filter({ has: opens })).toContainText(/bad\s*87\.1%\s*rating-q7w2e/);
  await page.getByRole('heading', { level: 1 }).click();
  await page.keyboard.press('a');
  await expect(page.getByText('number 2 lasts')).toBeVisible();
  await expect(said).toBeHidden();
});

test('where no model says anything, nothing is shown of it', async ({ page, console: site }) => {
  answered(site.state);
  await site.open(page, 'otto', `/review/${PROJECT}`);
  await expect(page.getByText('number 3 lasts')).toBeVisible();
  await expect(page.getByText('What models say')).toHaveCount(0);
});
