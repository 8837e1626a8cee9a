/** How many tasks are held ahead: as many as a person's pace and the network ask for, and not for longer. */
import { expect, test } from '../console.ts';
import { PROJECT } from '../fake/state.ts';

test('a quick hand on a slow network holds more tasks, and gives them back in a pause', async ({
  page,
  console: site,
}) => {
  test.setTimeout(60_000);
  site.state.labeling.instructions = '';
  site.state.fill(60);
  site.state.latency = 600;
  const leased = () => site.state.tasks.filter((task) => task.lease !== null).length;
  await site.open(page, 'wanda', `/work/${PROJECT}`);
  await expect(page.getByText('number 1 lasts')).toBeVisible();
  await expect.poll(leased).toBe(4);
  for (let i = 1; i <= 16; i += 1) {
    await page.getByText(`number ${i} lasts`).waitFor();
    await page.keyboard.press('1');
    await page.keyboard.press('Enter');
  }
  await expect.poll(() => site.state.log.length).toBe(16);
  // None is on its way any more: what is leased waits in the page. Never more than the API lets one person hold.
  await expect.poll(leased).toBeGreaterThan(6);
  expect(leased()).toBeLessThanOrEqual(10);

  await expect.poll(leased, { timeout: 20_000 }).toBe(4);
  await expect(page.getByText('number 17 lasts')).toBeVisible();
  site.state.latency = 0;
  for (let i = 17; i <= 24; i += 1) {
    await page.getByText(`number ${i} lasts`).waitFor();
    await page.keyboard.press('2');
    await page.keyboard.press('Enter');
  }
  await expect.poll(() => site.state.log.length).toBe(24);
  const done = site.state.log.map((one) => one.taskId).sort((a, b) => a - b);
  expect(done).toEqual(Array.from({ length: 24 }, (_, i) => i + 1));
});
