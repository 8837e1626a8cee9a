/** What sureness costs, told before it is bought. */
import { expect, test } from '../console.ts';
import { PROJECT } from '../fake/state.ts';
import { TEXTS } from '../texts.ts';

const t = TEXTS.en;

test('a slider says what sureness costs, and fills in the purchase', async ({ page, console: site }) => {
  await site.open(page, 'clara', `/client/projects/${PROJECT}`);
  await page.getByRole('button', { name: t.client.buy }).first().click();
  const slider = page.getByRole('slider', { name: t.cost.confidence('90%') });
  await expect(page.getByText(t.cost.answers('2.08'))).toBeVisible();
  await expect(page.getByText(t.cost.unsure('3%'))).toBeVisible();
  await slider.press('ArrowLeft');
  await expect(page.getByText(t.cost.answers('1.41'))).toBeVisible();
  await page.getByLabel(t.cost.items).fill('2000');
  await page.getByRole('button', { name: t.cost.take('2,820') }).click();
  await expect(page.getByRole('textbox', { name: t.client.judgements })).toHaveValue('2820');
});
