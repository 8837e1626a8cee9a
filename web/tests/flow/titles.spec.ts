/** The window's title: which page of which thing, in the person's language, before anything of it is loaded. */
import { expect, test } from '../console.ts';
import { DATASET, MODEL, PROJECT } from '../fake/state.ts';

test('every page has its own title, and names its thing', async ({ page, console: site }) => {
  await page.goto(`${site.url}/app/`);
  await expect(page).toHaveTitle('Sign in · DataCrowd');
  await page.goto(`${site.url}/app/register`);
  await expect(page).toHaveTitle('Registration · DataCrowd');
  await page.goto(`${site.url}/app/unsubscribe/x`);
  await expect(page).toHaveTitle('Stop e-mails · DataCrowd');
  await site.open(page, 'clara', '/');
  await expect(page).toHaveTitle('Projects · DataCrowd');
  await page.getByRole('link', { name: 'Product reviews' }).click();
  await expect(page).toHaveTitle('Product reviews · Overview · DataCrowd');
  await page.goto(`${site.url}/app/client/datasets/${DATASET}`);
  await expect(page).toHaveTitle('items-a1b2c · Dataset · DataCrowd');
  await page.goto(`${site.url}/app/client/models/${MODEL}/try`);
  await expect(page).toHaveTitle('rating-q7w2e · Try it · DataCrowd');
  await page.goto(`${site.url}/app/notifications`);
  await expect(page).toHaveTitle('Notifications · DataCrowd');
  await page.goto(`${site.url}/app/admin/users`);
  await expect(page).toHaveTitle('Not for you · DataCrowd');
  await page.goto(`${site.url}/app/nowhere`);
  await expect(page).toHaveTitle('There is no such page · DataCrowd');
});

test('a title is there while its page is loaded, and keeps the name it knows', async ({
  page,
  console: site,
}) => {
  await site.open(page, 'clara', `/client/projects/${PROJECT}`);
  await expect(page).toHaveTitle('Product reviews · Overview · DataCrowd');
  // Nothing of the project comes any more.
  await page.route(`**/api/v1/projects/${PROJECT}**`, () => undefined);
  await page.getByRole('link', { name: 'Data', exact: true }).click();
  await expect(page).toHaveTitle('Product reviews · Data · DataCrowd');
  await page.route('**/api/v1/payments**', () => undefined);
  await page.getByRole('link', { name: 'Payments' }).click();
  await expect(page).toHaveTitle('Payments · DataCrowd');
});

test('the work has its title in Russian', async ({ browser, console: site }) => {
  const context = await browser.newContext({ locale: 'ru' });
  const page = await context.newPage();
  await site.open(page, 'wanda', '/work');
  await expect(page).toHaveTitle('Работа · DataCrowd');
  await page.goto(`${site.url}/app/work/${PROJECT}`);
  await expect(page).toHaveTitle('Product reviews · Задания · DataCrowd');
  await context.close();
});
