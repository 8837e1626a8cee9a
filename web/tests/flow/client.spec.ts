/** What a client and an administrator do on their pages, on the double. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '../console.ts';
import { png } from '../fake/media.ts';
import { PROJECT } from '../fake/state.ts';

const DATA = `/client/projects/${PROJECT}/data`;
const csv = (text: string) => ({ name: 'items.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });

test('a file is shown before a byte of it is sent; its columns are mapped; progress; leaving is asked about', async ({
  page,
  console: site,
}) => {
  await site.open(page, 'clara', DATA);
  const posts: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/datasets')) posts.push(request.url());
  });
  await page.locator('input[type=file]').setInputFiles(csv('id;Satz\r\n1;"größer; 😀"\r\n2;b\r\n'));
  await expect(page.getByRole('cell', { name: 'größer; 😀' })).toBeVisible();
  await expect(page.getByText('seems not to have: text')).toBeVisible();
  await page.getByLabel('Column for “text”').selectOption('Satz');
  await expect(page.getByText('seems not to have')).toHaveCount(0);
  await expect(page.getByRole('columnheader', { name: /Satz → text/ })).toBeVisible();
  expect(posts).toEqual([]);
  site.state.latency = 1500;
  await page.getByRole('button', { name: 'Upload', exact: true }).click();
  await expect(page.getByText(/100% · .* \/ .*\/s/)).toBeVisible();
  page.once('dialog', (dialog) => {
    expect(dialog.message()).toContain('not finished');
    void dialog.dismiss();
  });
  await page.getByRole('link', { name: 'Overview' }).click();
  await expect(page).toHaveURL(/\/datasets\//, { timeout: 20_000 });
  const [sent = ''] = site.state.uploads;
  expect(sent).toContain('id;text\r\n1;"größer; 😀"\r\n2;b\r\n');
  expect(sent).toMatch(/name="delimiter"\r\n\r\nAUTO/);
  expect(posts).toHaveLength(1);
});

test('a folder of recordings is sent file by file; what failed for good is named and sent again', async ({
  page,
  console: site,
}) => {
  await site.open(page, 'clara', DATA);
  await page.getByRole('radio', { name: 'Files' }).check();
  const files = Array.from({ length: 40 }, (_, at) => ({
    name: `${String(at).padStart(2, '0')} #?.wav`,
    mimeType: 'audio/wav',
    buffer: Buffer.from(`RIFF ${at}`),
  }));
  site.state.refusedPuts.set('07 #?.wav', [503, 429]);
  site.state.refusedPuts.set('09 #?.wav', [413]);
  await page.getByLabel('Choose files').setInputFiles(files);
  await expect(page.getByText(/^40 files, /)).toBeVisible();
  await expect(page.getByText('columns that files do not have: text')).toBeVisible();
  await page.getByRole('checkbox', { name: /describes it/ }).check();
  await page.getByRole('button', { name: 'Upload', exact: true }).click();
  await expect(page.getByRole('alert')).toContainText('1 file could not be sent', { timeout: 15_000 });
  await expect(page.getByRole('alert')).toContainText('09 #?.wav');
  expect(site.state.datasets).toEqual([]);
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page).toHaveURL(/\/datasets\//);
  expect([...site.state.puts].sort()).toEqual(files.map(({ name }) => name));
  const sent = JSON.parse(site.state.uploads[0] ?? '') as Record<string, string>;
  expect(sent['sourceUri']).toMatch(/\/files\/$/);
  expect(sent['companions']).toBe('SAME_STEM');
});

test('a large table goes on where a broken line left it, also after a reload', async ({
  page,
  console: site,
}) => {
  const path = test.info().outputPath('large #1.csv');
  const bytes = Buffer.concat([Buffer.from('id,text\n'), Buffer.alloc(40 * 1024 * 1024, '1,abcdefgh\n')]);
  writeFileSync(path, bytes);
  const choose = async () => {
    await page.locator('input[type=file]').setInputFiles(path);
    await page.getByRole('button', { name: 'Upload', exact: true }).click();
  };
  let lines = 0;
  await page.route('**/uploads/*/files/*', (route) => {
    const breaks = route.request().method() === 'PATCH' && (lines += 1) === 1;
    return breaks ? route.abort() : route.continue();
  });
  await site.open(page, 'clara', DATA);
  // A line that breaks is tried again by itself, also where nothing had arrived; what is refused is shown.
  site.state.refusedPuts.set('large -1.csv', [503, 413]);
  await choose();
  await expect(page.getByRole('alert')).toContainText('payload_too_large');
  expect(site.state.large?.bytes.length).toBeGreaterThan(16 * 1024 * 1024);
  await page.reload();
  await choose();
  await expect(page).toHaveURL(/\/datasets\//);
  expect(site.state.begun).toBe(1);
  expect(site.state.large?.bytes.equals(bytes)).toBe(true);
  const sent = JSON.parse(site.state.uploads[0] ?? '') as Record<string, string>;
  expect(sent['sourceUri']).toMatch(/\/files\/large -1\.csv$/);
  expect(sent['delimiter']).toBe('AUTO');
});

test('a file that is never taken is left out, and a closed upload begun anew', async ({
  page,
  console: site,
}) => {
  await page.route('**/file?name=b.wav', (route) =>
    route.fulfill({
      status: 422,
      json: {
        code: 'invalid_request',
        message: 'It does not fit.',
        details: { name: 'is no name of a file' },
      },
    }),
  );
  await site.open(page, 'clara', DATA);
  await page.getByRole('radio', { name: 'Files' }).check();
  const files = ['a.wav', 'b.wav', 'c.wav'].map((name) => ({
    name,
    mimeType: 'audio/wav',
    buffer: Buffer.from('RIFF'),
  }));
  await page.getByLabel('Choose files').setInputFiles(files);
  await page.getByRole('button', { name: 'Upload', exact: true }).click();
  await expect(page.getByRole('alert')).toContainText('b.wav: is no name of a file');
  await page.getByRole('button', { name: 'Go on without them' }).click();
  await expect(page.getByRole('alert')).toHaveCount(0);
  await page.getByRole('button', { name: 'Upload', exact: true }).click();
  await expect(page).toHaveURL(/\/datasets\//);
  expect([...site.state.puts].sort()).toEqual(['a.wav', 'c.wav']);
  await page.goto(`${site.url}/app${DATA}`);
  await page.getByRole('radio', { name: 'Files' }).check();
  await page
    .getByLabel('Choose files')
    .setInputFiles([files[0], files[2]].filter((one) => one !== undefined));
  await page.route(
    '**/file?name=c.wav',
    (route) => route.fulfill({ status: 409, json: { code: 'upload_closed', message: 'A day is over.' } }),
    { times: 1 },
  );
  await page.getByRole('button', { name: 'Upload', exact: true }).click();
  await expect(page.getByRole('alert')).toContainText('c.wav: A day is over.');
  const begun = page.waitForRequest((one) => one.method() === 'POST' && one.url().endsWith('/uploads'));
  await page.getByRole('button', { name: 'Try again' }).click();
  await begun;
  await expect(page).toHaveURL(/\/datasets\//);
  expect([...site.state.puts].sort()).toEqual(['a.wav', 'c.wav']);
});

test('a folder that is chosen is sent without what systems leave in it', async ({ page, console: site }) => {
  const folder = test.info().outputPath('clips');
  mkdirSync(join(folder, 'deep'), { recursive: true });
  for (const name of ['b.wav', 'deep/a.wav', '.DS_Store']) writeFileSync(join(folder, name), 'RIFF');
  await site.open(page, 'clara', DATA);
  await page.getByRole('radio', { name: 'Files' }).check();
  await page.getByLabel('Choose a folder').setInputFiles(folder);
  await page.getByRole('button', { name: 'Upload', exact: true }).click();
  await expect(page).toHaveURL(/\/datasets\//);
  expect([...site.state.puts].sort()).toEqual(['b.wav', 'deep/a.wav']);
});

test('a zip alone is sent whole, and named as the source', async ({ page, console: site }) => {
  await site.open(page, 'clara', DATA);
  await page.getByRole('radio', { name: 'Files' }).check();
  const zip = { name: 'clips #1.zip', mimeType: 'application/zip', buffer: Buffer.from('PK') };
  await page.getByLabel('Choose files').setInputFiles(zip);
  await page.getByRole('button', { name: 'Upload', exact: true }).click();
  await expect(page).toHaveURL(/\/datasets\//);
  expect(site.state.puts).toEqual(['clips -1.zip']);
  const sent = JSON.parse(site.state.uploads[0] ?? '') as Record<string, string>;
  expect(sent['sourceUri']).toMatch(/\/files\/clips -1\.zip$/);
});

test('a folder in the bucket is chosen by patterns', async ({ page, console: site }) => {
  await site.open(page, 'clara', DATA);
  await page.getByRole('radio', { name: 'Bucket' }).check();
  const address = page.getByLabel('Address of the object or folder');
  await address.fill('s3://datacrowd/dc-clara-k3x9q/clips/');
  await page.getByLabel('Only files like').fill('*.{wav,flac}, 2026/**');
  await page.getByLabel('No files like').fill('draft-*');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(page).toHaveURL(/\/datasets\//);
  expect(JSON.parse(site.state.uploads[0] ?? '')).toEqual({
    sourceUri: 's3://datacrowd/dc-clara-k3x9q/clips/',
    include: ['*.{wav,flac}', '2026/**'],
    exclude: ['draft-*'],
  });
});

test('a dataset from a bucket', async ({ page, console: site }) => {
  await site.open(page, 'clara', DATA);
  await page.getByRole('radio', { name: 'Bucket' }).check();
  await page.getByLabel('Address of the object or folder').fill('s3://datacrowd/dc-clara-k3x9q/items.csv');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(page.getByText('s3://datacrowd/dc-clara-k3x9q/items.csv')).toBeVisible();
  expect(JSON.parse(site.state.uploads[0] ?? '')).toEqual({
    sourceUri: 's3://datacrowd/dc-clara-k3x9q/items.csv',
    delimiter: 'AUTO',
  });
});

test('the timeline of a dataset, its manifest; deleted and restored', async ({ page, console: site }) => {
  site.state.quota = 5000;
  await site.open(page, 'clara', DATA);
  await page.locator('input[type=file]').setInputFiles(csv('id,text\n1,a\n'));
  await page.getByRole('button', { name: 'Upload', exact: true }).click();
  await page.getByRole('button', { name: 'Generate tasks' }).click();
  await expect(page.getByText('Rows are being read and become tasks.')).toBeVisible();
  await page.getByRole('button', { name: 'YAML' }).click();
  await expect(page.getByText('kind: Dataset')).toBeVisible();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByRole('link', { name: 'items-a1b2c' })).toHaveCount(0);
  await page.getByText('Deleted', { exact: true }).click();
  await page.getByRole('button', { name: 'Restore items-a1b2c' }).click();
  await expect(page.getByRole('link', { name: 'items-a1b2c' })).toBeVisible();
});

test('agreement without overlap is not measured yet, not 0 %', async ({ page, console: site }) => {
  site.state.isAgreementMeasured = false;
  await site.open(page, 'clara', `/client/projects/${PROJECT}/numbers`);
  await expect(page.getByText('not measured yet').first()).toBeVisible();
  await expect(page.getByText('0%')).toHaveCount(0);
});

test('an owner decides a hard task, and takes it back', async ({ page, console: site }) => {
  site.state.labeling = { ...site.state.labeling, consensus: { field: 'rating' } };
  await site.open(page, 'clara', `/client/projects/${PROJECT}/quality`);
  await expect(page.getByText('0.58 to 0.64')).toBeVisible();
  await expect(page.getByText('Measured on the latest 10,000 approved answers.')).toBeVisible();
  const hardest = page.getByRole('article').first();
  const good = hardest.getByRole('button', { name: 'good' });
  await good.click();
  await expect(good).toHaveAttribute('aria-pressed', 'true');
  expect([...site.state.decisions]).toEqual([[7, 'good']]);
  await hardest.getByRole('button', { name: 'Take back' }).click();
  await expect(good).toHaveAttribute('aria-pressed', 'false');
  expect(site.state.decisions.size).toBe(0);
});

test('an owner trusts a worker again whose skill was too small', async ({ page, console: site }) => {
  await site.open(page, 'clara', `/client/projects/${PROJECT}/crowd`);
  const row = page.getByRole('row').filter({ hasText: 'w-91c0aa12' });
  await expect(row.getByText('low skill: reviewed')).toBeVisible();
  await row.getByRole('button', { name: 'Trust again' }).click();
  await expect(row.getByText('low skill')).toHaveCount(0);
});

test('an owner sees the image of a hard task', async ({ page, console: site }) => {
  site.state.labeling = {
    ...site.state.labeling,
    display: [{ column: 'file', kind: 'IMAGE' }],
    consensus: { field: 'rating' },
  };
  site.state.files.set('7.png', { bytes: png(80, 60), type: 'image/png' });
  await site.open(page, 'clara', `/client/projects/${PROJECT}/quality`);
  const img = page.getByRole('article').first().locator('img');
  await expect.poll(() => img.evaluate((one: HTMLImageElement) => one.naturalWidth)).toBe(80);
});

test('an export is downloaded through its link', async ({ page, console: site }) => {
  site.state.files.set('export.jsonl', {
    bytes: Buffer.from('{"taskId":1}\n'),
    type: 'application/x-ndjson',
  });
  await site.open(page, 'clara', `/client/projects/${PROJECT}/exports`);
  await page.getByRole('button', { name: 'Export', exact: true }).click();
  const asked = page.waitForRequest('**/files/export.jsonl');
  await page.getByRole('button', { name: 'Download' }).click();
  await asked;
});

test('a live page asks whether anything changed, and not at all in a hidden tab', async ({
  page,
  console: site,
}) => {
  await page.clock.install();
  await site.open(page, 'clara', `/client/projects/${PROJECT}`);
  await expect(page.getByRole('heading', { name: 'Product reviews' })).toBeVisible();
  await page.clock.runFor(9000);
  await expect.poll(() => site.state.unchanged).toBeGreaterThan(0);
  await page.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await page.waitForTimeout(300);
  const before = site.state.unchanged;
  await page.clock.runFor(30_000);
  await page.waitForTimeout(300);
  expect(site.state.unchanged).toBe(before);
  await expect(page.getByRole('heading', { name: 'Product reviews' })).toBeVisible();
});

test('no token lies in any storage; a second step is enrolled by a QR code', async ({
  page,
  context,
  console: site,
}) => {
  await site.open(page, 'wanda', '/account');
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  for (const token of site.state.refresh.keys()) expect(kept).not.toContain(token);
  expect(await page.evaluate(() => document.cookie)).toBe('');
  const [cookie] = await context.cookies(`${site.url}/api/v1/auth/refresh`);
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/api/v1/auth' });
  await page.getByRole('button', { name: 'Begin' }).scrollIntoViewIfNeeded();
  const step = page.locator('section').filter({ hasText: 'Second step' });
  await step.getByLabel('Password').fill('correct horse battery');
  await step.getByRole('button', { name: 'Begin' }).click();
  await expect(page.getByRole('img', { name: 'QR code of the key' })).toBeVisible();
  await expect(page.getByText('JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP')).toBeVisible();
});

test('signing out without network ends the session as soon as there is one', async ({
  page,
  context,
  console: site,
}) => {
  await site.open(page, 'wanda', '/points');
  await expect(page.getByRole('heading', { name: 'Points', exact: true })).toBeVisible();
  await context.setOffline(true);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('button', { name: 'Sign out' })).toHaveCount(0);
  expect(site.state.refresh.size).toBe(1);
  await context.setOffline(false);
  await page.goto(`${site.url}/app/`);
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await expect.poll(() => site.state.refresh.size).toBe(0);
});

test('an administrator invites, and takes an invitation back', async ({ page, console: site }) => {
  await site.open(page, 'ada', '/admin/invitations');
  await page.getByLabel('Role').selectOption('CLIENT');
  await page.getByRole('button', { name: 'Make an invitation' }).click();
  await expect(page.getByText(/\/app\/register#invitation=dci_invited/)).toBeVisible();
  await page.getByRole('button', { name: 'Revoke' }).click();
  await expect(page.getByText('revoked', { exact: true })).toBeVisible();
});

test('an owner makes gold of a task, retires one, and says how much workers get', async ({
  page,
  console: site,
}) => {
  await site.open(page, 'clara', `/client/projects/${PROJECT}/gold`);
  const first = page.getByRole('row').filter({ hasText: 'known (1)' });
  await expect(first).toContainText('70%');
  await page.getByLabel('Number of the task').fill('64');
  await page.getByRole('button', { name: 'Make gold of a task' }).click();
  await expect.poll(() => site.state.madeGold).toBe(64);
  await first.getByRole('button', { name: 'Retire' }).click();
  await first.getByRole('button', { name: 'Give again' }).click();
  await expect(first.getByRole('button', { name: 'Retire' })).toBeVisible();
  await page.getByLabel('Then one task in so many').fill('20');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect.poll(() => site.state.labeling.gold).toEqual({ every: 20 });
});
