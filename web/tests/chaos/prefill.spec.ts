/** What a model says, to begin with: shown as such, changed by a key, and nobody's draft. */
import { expect, test } from '../console.ts';
import { PROJECT } from '../fake/state.ts';

test('an item begins with what a model says, is accepted by one key and corrected by two', async ({
  page,
  console: site,
}) => {
  const { state } = site;
  state.labeling.instructions = '';
  const [first, second, third] = state.tasks;
  const field = state.labeling.fields[0]?.name ?? '';
  if (first === undefined || second === undefined || third === undefined) throw new Error('three tasks');
  first.prefill = { [field]: 'good' };
  second.prefill = { [field]: 'good' };
  third.prefill = { [field]: 'no such option' };
  await site.open(page, 'wanda', `/work/${PROJECT}`);
  const suggested = page.getByText('A model suggests this.');
  await expect(page.getByLabel('good')).toBeChecked();
  await expect(suggested).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page.getByText('number 2 lasts')).toBeVisible();
  await expect(page.getByLabel('good')).toBeChecked();
  await page.keyboard.press('1');
  await expect(page.getByLabel('bad')).toBeChecked();
  await page.keyboard.press('Enter');
  await expect(page.getByText('number 3 lasts')).toBeVisible();
  await expect(page.getByRole('radio', { checked: true })).toHaveCount(0);
  await expect
    .poll(() => state.answers.map((one) => one.answer))
    .toEqual([{ [field]: 'good' }, { [field]: 'bad' }]);
});

test('what a model says is no draft: a tab that closes gives the task back', async ({
  page,
  console: site,
}) => {
  const { state } = site;
  state.labeling.instructions = '';
  const field = state.labeling.fields[0]?.name ?? '';
  for (const task of state.tasks) task.prefill = { [field]: 'good' };
  await site.open(page, 'wanda', `/work/${PROJECT}`);
  await expect(page.getByLabel('good')).toBeChecked();
  await page.goto('about:blank');
  await expect.poll(() => state.tasks.filter((task) => task.lease !== null).length).toBe(0);
});
