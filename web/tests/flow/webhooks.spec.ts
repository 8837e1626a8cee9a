/** What a client does with webhooks, on the double: add one, try it, read what was sent, mend what failed. */
import { expect, test } from '../console.ts';
import { hooked } from '../fake/webhooks.ts';
import { WEBHOOK } from '../fake/state.ts';

test('a webhook is added, its secret shown once, and a test event read to its attempt', async ({
  page,
  console: site,
}) => {
  await site.open(page, 'clara', '/client/webhooks');
  await expect(page).toHaveTitle('Webhooks · DataCrowd');
  await expect(page.getByRole('heading', { name: 'No webhooks yet' })).toBeVisible();
  await page.getByRole('button', { name: 'Add a webhook' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Address').fill('https://me@example.com/hooks');
  await dialog.getByRole('button', { name: 'Add a webhook' }).click();
  await expect(dialog.getByText('url must hold no user name')).toBeVisible();
  await dialog.getByLabel('Address').fill('https://example.com/hooks');
  await dialog.getByLabel('Which project').selectOption({ label: 'Product reviews' });
  await dialog.getByLabel('Search types').fill('approved batch');
  await expect(dialog.getByRole('group', { name: 'Exports' })).toHaveCount(0);
  await dialog.getByRole('group', { name: 'Batches' }).getByLabel('batch.done').check();
  await expect(dialog.getByText('1 type', { exact: true })).toBeVisible();
  await dialog.getByRole('button', { name: 'Add a webhook' }).click();

  await expect(dialog.getByText('whsec_')).toHaveCount(0);
  await dialog.getByRole('button', { name: 'Show the secret' }).click();
  await expect(dialog.getByText('whsec_')).toBeVisible();
  await expect(dialog.getByText('Store it now')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(dialog.getByText('whsec_'), 'Esc does not lose it').toBeVisible();
  await dialog.getByRole('button', { name: 'I have stored it' }).click();
  await expect(page.getByText('whsec_')).toHaveCount(0);
  expect(site.state.secrets).toBe(1);
  expect(site.state.webhooks[0]?.eventTypes).toEqual(['io.datacrowd.batch.done.v1']);

  await page.getByRole('link', { name: 'https://example.com/hooks' }).click();
  await expect(page).toHaveTitle('https://example.com/hooks · Webhook · DataCrowd');
  await page.getByRole('button', { name: 'Send a test event' }).click();
  await expect(page.getByText('The test event arrived: answer 200.')).toBeVisible();
  const row = page.getByRole('listitem').filter({ hasText: 'webhook.tested' });
  await expect(row.getByText('delivered')).toBeVisible();
  await row.getByRole('button', { name: /^Attempts/ }).click();
  await expect(row.getByRole('region', { name: /^Answer/ })).toHaveText('{"taken":true}');
  await expect(row.getByText('87 ms')).toBeVisible();
});

test('a webhook that fails says why, and what failed is sent again', async ({ page, console: site }) => {
  hooked(site.state);
  site.state.isHookDown = true;
  await site.open(page, 'clara', `/client/webhooks/${WEBHOOK}`);
  await expect(page.getByText('Every attempt has failed since')).toBeVisible();
  const waiting = page.getByRole('listitem').filter({ hasText: 'where only 2xx counts' }).first();
  await expect(waiting.getByText('2 attempts')).toBeVisible();
  await expect(waiting.getByText('Next attempt')).toBeVisible();
  await waiting.getByRole('button', { name: /^Attempts/ }).click();
  await expect(waiting.getByText('No answer came within 15 seconds')).toBeVisible();
  await expect(waiting.getByRole('region'), 'markup stays text').toContainText('<h1>Busy</h1>');

  await page.getByRole('button', { name: 'Send a test event' }).click();
  await expect(page.getByText('The test event did not arrive.')).toBeVisible();

  await page.getByRole('radio', { name: 'failed' }).check();
  await expect(page.getByText('exports/0190a000')).toBeVisible();
  await expect(page.getByText('batches/')).toHaveCount(0);
  await page.getByRole('button', { name: 'Send again what failed…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Since').fill('2026-11-01T00:00');
  await dialog.getByRole('button', { name: 'Send again' }).click();
  await expect(page.getByText('1 event is sent again.')).toBeVisible();
  await expect(page.getByText('Nothing of this kind')).toBeVisible();
  await page.getByRole('radio', { name: 'delivered' }).check();
  await page.getByRole('button', { name: /^Send again batch.done/ }).click();
  await expect(page.getByText('Nothing of this kind')).toBeVisible();
});

test('a secret is rotated, a webhook suspended, enabled, changed and deleted', async ({
  page,
  console: site,
}) => {
  hooked(site.state);
  await site.open(page, 'clara', `/client/webhooks/${WEBHOOK}`);
  await page.getByRole('button', { name: 'New secret' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText('for a day with the one before as well')).toBeVisible();
  await dialog.getByRole('button', { name: 'New secret' }).click();
  await expect(dialog.getByText('whsec_')).toBeVisible();
  await dialog.getByRole('button', { name: 'I have stored it' }).click();
  await expect(page.getByText('the secret before this one signs as well')).toBeVisible();

  await page.getByRole('button', { name: 'Suspend' }).click();
  await expect(page.getByText('nothing is sent until it is resumed')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Send a test event' })).toHaveCount(0);
  await page.getByRole('button', { name: /^Resume/ }).click();
  await expect(page.getByRole('button', { name: 'Send a test event' })).toBeVisible();
  await page.getByRole('button', { name: 'Edit' }).click();
  await dialog.getByLabel('Description').fill('Tells the trainer');
  await dialog.getByRole('button', { name: 'Clear' }).click();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Tells the trainer')).toBeVisible();
  await expect(page.getByText('all types')).toBeVisible();

  await page.getByRole('link', { name: '← Webhooks' }).click();
  await expect(page.getByText('Disabled by the platform since')).toBeVisible();
  await expect(page.getByText('The connection was refused')).toBeVisible();
  await page.getByRole('button', { name: 'Enable https://old.example.net/in' }).click();
  await expect(page.getByText('Disabled by the platform since')).toHaveCount(0);

  await page.getByRole('link', { name: 'https://old.example.net/in' }).click();
  await page.getByRole('button', { name: 'Delete' }).click();
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(page).toHaveTitle('Webhooks · DataCrowd');
  await expect(page.getByRole('link', { name: 'https://old.example.net/in' })).toHaveCount(0);
});

test('a webhook is copied as its resource, and one without a resource is not', async ({
  page,
  console: site,
}) => {
  hooked(site.state);
  await site.open(page, 'clara', `/client/webhooks/${WEBHOOK}`);
  await expect(page.getByText('dc-clara-k3x9q/hooks-example-com-x7k2p')).toBeVisible();
  await page.getByRole('button', { name: 'YAML' }).click();
  const manifest = page.getByRole('dialog').getByRole('region', { name: 'Manifest' });
  await expect(manifest).toContainText('kind: Webhook');
  await expect(manifest).toContainText('name: hooks-example-com-x7k2p');
  await page.keyboard.press('Escape');

  await page.getByRole('link', { name: '← Webhooks' }).click();
  await page.getByRole('link', { name: 'https://old.example.net/in' }).click();
  await expect(page.getByRole('button', { name: 'Delete' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'YAML' })).toHaveCount(0);
  await expect(page.getByText('Resource in Kubernetes')).toHaveCount(0);
});

test('failures and types are told in Russian', async ({ browser, console: site }) => {
  hooked(site.state);
  const context = await browser.newContext({ locale: 'ru' });
  const page = await context.newPage();
  await site.open(page, 'clara', `/client/webhooks/${WEBHOOK}`);
  await expect(page.getByText('Сервер ответил не 2xx')).toBeVisible();
  await expect(page.getByText('2 попытки', { exact: true })).toBeVisible();
  await expect(page.getByText('Ресурс в Kubernetes')).toBeVisible();
  await page.getByRole('button', { name: 'Изменить' }).click();
  await expect(page.getByText('Файл выгрузки можно скачать.')).toBeVisible();
  await context.close();
});

test('the signatures’ check comes in four languages', async ({ page, console: site }) => {
  hooked(site.state);
  await site.open(page, 'clara', '/client/webhooks');
  await expect(page.getByText('pip install standardwebhooks')).toBeVisible();
  for (const [language, line] of [
    ['Node', 'new Webhook(process.env.WEBHOOK_SECRET)'],
    ['Go', 'webhook.Verify(body, r.Header)'],
    ['Rust', 'webhook.verify(&body, &headers)'],
  ] as const) {
    await page.getByRole('radio', { name: language }).check();
    await expect(page.getByText(line)).toBeVisible();
  }
});

test('a long log comes page by page', async ({ page, console: site }) => {
  hooked(site.state);
  const last = site.state.deliveries.at(-1);
  if (last === undefined) throw new Error('the double has no deliveries');
  // Ids fall: the newest comes first.
  site.state.deliveries = Array.from({ length: 60 }, (_, i) => ({
    ...last,
    delivery: { ...last.delivery, id: 160 - i, subject: `batches/${160 - i}` },
  }));
  await site.open(page, 'clara', `/client/webhooks/${WEBHOOK}`);
  await expect(page.getByText('batches/111', { exact: true })).toBeVisible();
  await expect(page.getByText('batches/110', { exact: true })).toHaveCount(0);
  await page.getByRole('button', { name: 'Show more' }).click();
  await expect(page.getByText('batches/101', { exact: true })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Show more' })).toHaveCount(0);
});

test('an administrator reads and mends webhooks, and a worker has none', async ({ page, console: site }) => {
  hooked(site.state);
  await site.open(page, 'ada', '/client/webhooks');
  await expect(page.getByRole('button', { name: 'Enable https://old.example.net/in' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Add a webhook' })).toHaveCount(0);
  await site.open(page, 'wanda', '/client/webhooks');
  await expect(page.getByRole('heading', { name: 'Not for you' })).toBeVisible();
});
