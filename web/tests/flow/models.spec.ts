/** What a client does with a model, on the double: add it, see it ready, predict, read how sure it is. */
import { expect, test } from '../console.ts';
import { model, numberModel } from '../fake/models.ts';
import { DATASET, MODEL, PREDICTION, PROJECT } from '../fake/state.ts';
import type { Body } from '../../src/api/client.ts';

const MODELS = `/client/projects/${PROJECT}/models`;
const onnx = (name: string, bytes = 'ONNX') => ({
  name,
  mimeType: 'application/octet-stream',
  buffer: Buffer.from(bytes),
});

const dataset = {
  id: DATASET,
  projectId: PROJECT,
  name: 'items-a1b2c',
  state: 'READY',
  format: 'CSV',
  createdAt: '2026-11-20T09:00:00Z',
  rowsRejected: 0,
  totalRows: 2483,
} as Body<'DatasetBody'>;

test('a model is added, found ready, applied to a dataset, and says how sure it is', async ({
  page,
  console: site,
}) => {
  site.state.datasets = [dataset];
  await site.open(page, 'clara', MODELS);
  await expect(page.getByRole('heading', { name: 'No models yet' })).toBeVisible();
  await expect(page.getByText('skl2onnx')).toBeVisible();
  await page.getByRole('link', { name: 'Add a model' }).click();
  await page.getByRole('radio', { name: 'Recordings' }).check();
  await page.locator('input[type=file]').setInputFiles(onnx('Voice #2.onnx'));
  await expect(page.getByText('40 bands × 197 frames')).toBeVisible();

  // The labels, in the order of the file: by the keyboard alone, which stays on what it moved.
  const labels = page.getByRole('list').filter({ hasText: 'neutral' }).getByRole('listitem');
  await page.getByRole('button', { name: 'Move good up' }).focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  await expect(labels).toContainText(['good', 'bad', 'neutral']);
  await expect(page.getByRole('button', { name: 'Move good down' })).toBeFocused();

  await page.getByRole('button', { name: 'As YAML' }).click();
  await expect(page.getByText('features: LogMel')).toBeVisible();
  await expect(page.getByText('- good - bad - neutral')).toBeVisible();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Add the model' }).click();

  await expect(page.getByText('It can be applied to datasets.')).toBeVisible();
  expect(site.state.puts).toEqual(['Voice-2.onnx']);
  expect(site.state.madeModels).toEqual([
    {
      sourceUri: expect.stringMatching(/\/files\/Voice-2\.onnx$/) as unknown,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
      input: {
        kind: 'AUDIO',
        column: 'file',
        audio: {
          sampleRateHz: 8000,
          windowMillis: 2000,
          hopMillis: 1000,
          features: 'LOG_MEL',
          logMel: { nFft: 256, hop: 80, nMels: 40, fMin: 60, fMax: 4000 },
        },
      },
      output: { field: 'rating', labels: ['good', 'bad', 'neutral'], windows: 'MEAN' },
    },
  ]);
  await expect(page.getByRole('row', { name: /probabilities float32 \[N, 3\]/ })).toBeVisible();

  await page.getByRole('button', { name: 'Predict a dataset' }).click();
  await page.getByRole('button', { name: 'Predict', exact: true }).click();
  await expect(page).toHaveURL(/\/predictions\//);
  await expect(page.getByText('120 of 2,483 items predicted')).toBeVisible();
  await expect(page.getByText('2,000 of 2,480 items were looked at.')).toBeVisible();
  await expect(page.getByRole('row', { name: '17 Its file is not what' })).toBeVisible();
  await expect(page.getByText('Something that this console does not know.')).toHaveCount(1);

  // Every third item of 2,000 is "good", every fifth of these at 41 %, none between 50 and 80 %.
  const good = page.getByRole('img', { name: /^good: / });
  await expect(good).toHaveAccessibleName(/40% to 50%: 134(;|$)/);
  await expect(good).not.toHaveAccessibleName(/60% to 70%/);
  await page.getByText('As a table').click();
  await expect(page.getByRole('row', { name: /^40%–50% 134 / })).toBeVisible();
});

test('what is wrong stands at its field, here and from the server; the file is sent once', async ({
  page,
  console: site,
}) => {
  await site.open(page, 'clara', `${MODELS}/new`);
  const add = page.getByRole('button', { name: 'Add the model' });
  await add.click();
  await expect(page.getByText('Choose the file.')).toBeVisible();
  await expect(page.getByLabel('Columns of numbers').last()).toHaveAttribute('aria-invalid', 'true');

  await page.locator('input[type=file]').setInputFiles(onnx('m.onnx'));
  await page.getByRole('radio', { name: 'Recordings' }).check();
  await page.getByLabel('From window to window, ms').fill('2001');
  await add.click();
  await expect(page.getByText('sound between windows would be lost')).toBeVisible();
  await expect(page.getByLabel('From window to window, ms')).toBeFocused();
  expect(site.state.puts).toEqual([]);

  await page.getByLabel('From window to window, ms').fill('500');
  site.state.refusedModels.push({
    'output.labels[2]': 'names "good", which is no option',
    'output.tensor': 'is no output of the file',
    body: 'has a fault that no field shows',
  });
  await add.click();
  await expect(page.getByText('names "good", which is no option')).toBeVisible();
  await expect(page.getByLabel('Output with the probabilities')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByRole('alert')).toContainText('no field shows');
  await expect(page.getByRole('alert')).not.toContainText('output.tensor');
  expect(site.state.puts).toEqual(['m.onnx']);

  page.once('dialog', (dialog) => {
    expect(dialog.message()).toContain('new model is lost');
    void dialog.dismiss();
  });
  await page.getByRole('link', { name: 'Models' }).click();
  await page.getByRole('button', { name: 'Remove neutral' }).click();
  site.state.puts = ['sent before'];
  await add.click();
  await expect(page).toHaveURL(/\/client\/models\//);
  expect(site.state.puts).toEqual(['sent before']);
  expect(site.state.madeModels[0]?.['output']).toMatchObject({ labels: ['bad', 'good'] });
});

test('a model of columns takes their names from a dataset; its labels are dragged', async ({
  page,
  console: site,
}) => {
  site.state.datasets = [dataset];
  await site.open(page, 'clara', `${MODELS}/new`);
  await page.getByRole('radio', { name: 'Bucket' }).check();
  await page.getByLabel('Address of the file').fill('s3://datacrowd/dc-clara-k3x9q/m.onnx');
  await page.getByRole('button', { name: 'Add the column text' }).click();
  await page.getByRole('button', { name: 'Add the column id' }).click();
  const labels = page.getByRole('list').filter({ hasText: 'neutral' }).getByRole('listitem');
  await labels.filter({ hasText: 'bad' }).dragTo(labels.filter({ hasText: 'good' }));
  await expect(labels).toContainText(['neutral', 'good', 'bad']);
  await page.getByRole('button', { name: 'Add the model' }).click();
  await expect(page).toHaveURL(/\/client\/models\//);
  expect(site.state.madeModels).toEqual([
    {
      sourceUri: 's3://datacrowd/dc-clara-k3x9q/m.onnx',
      input: { kind: 'COLUMNS', columns: ['text', 'id'] },
      output: { field: 'rating', labels: ['neutral', 'good', 'bad'] },
    },
  ]);
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByRole('heading', { name: 'No models yet' })).toBeVisible();
});

test('a file that is too large is refused before a byte is sent; sending is cancelled', async ({
  page,
  console: site,
}) => {
  await site.open(page, 'clara', `${MODELS}/new`);
  await page.getByLabel('Columns of numbers').last().fill('age');
  await page.evaluate(() => {
    const file = new File(['x'], 'huge.onnx');
    Object.defineProperty(file, 'size', { value: 256 * 1024 * 1024 + 1 });
    const transfer = { files: [file] };
    const event = new Event('drop', { bubbles: true, cancelable: true });
    Object.defineProperty(event, 'dataTransfer', { value: transfer });
    document.querySelector('.drop')?.dispatchEvent(event);
  });
  await expect(page.getByText('a model has at most 256 MiB.')).toBeVisible();
  await page.getByRole('button', { name: 'Add the model' }).click();
  expect(site.state.puts).toEqual([]);

  await page.locator('input[type=file]').setInputFiles(onnx('m.onnx'));
  site.state.latency = 3000;
  await page.getByRole('button', { name: 'Add the model' }).click();
  await page.getByRole('button', { name: 'Cancel' }).click({ timeout: 15_000 });
  await expect(page.getByRole('alert')).toContainText('The upload was cancelled.');
  expect(site.state.madeModels).toEqual([]);
});

test('items come page by page', async ({ page, console: site }) => {
  await site.open(page, 'clara', `/client/predictions/${PREDICTION}`);
  const rows = page.getByRole('row').filter({ hasText: /^\d+\s*r\d+/ });
  await expect(rows).toHaveCount(50);
  await page.getByRole('button', { name: 'Show more' }).click();
  await expect(rows).toHaveCount(100);
});

test('what becomes of a model is changed, and its page says what its word does to people', async ({
  page,
  console: site,
}) => {
  site.state.models = [model()];
  await site.open(page, 'clara', `/client/models/${MODEL}`);
  await expect(page.getByText('Yes, but for 10% of the tasks')).toBeVisible();
  await expect(page.getByText('Begun with it: 94% of the answers agree (846 of 900)')).toBeVisible();
  await expect(page.getByText('94% (188 of 200)')).toBeVisible();
  await expect(page.getByText('Where it is at least 98% sure')).toBeVisible();
  await expect(page.getByText('Answers: 5,200, approved: 5,140, rejected: 60')).toBeVisible();
  await page.getByRole('button', { name: 'Use' }).click();
  const dialog = page.getByRole('dialog', { name: 'Use' });
  await dialog.getByLabel('Apply it to each dataset by itself').check();
  await dialog.getByLabel('Tasks that are begun without it, in %').fill('12.5');
  await expect(dialog.getByLabel('Answers a task it is at least so sure of, in %')).toHaveValue('98');
  await dialog.getByLabel('Answers a task it is at least so sure of, in %').fill('');
  await dialog.getByLabel('Predictors that keep it loaded').fill('2');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByText('Yes, but for 12.5% of the tasks')).toBeVisible();
  const [changed] = site.state.models;
  expect([changed?.predict, changed?.replicas, changed?.use.blindShare, changed?.use.answerAbove]).toEqual([
    'ALWAYS',
    2,
    0.125,
    null,
  ]);
});

test('a model of numbers is added without labels, and its page says how far it is from people', async ({
  page,
  console: site,
}) => {
  site.state.labeling.fields.push({ name: 'age', title: 'How old?', type: 'NUMBER', minimum: 0 });
  await site.open(page, 'clara', `${MODELS}/new`);
  await page.getByRole('radio', { name: 'Columns of numbers' }).check();
  await page.getByRole('textbox', { name: 'Columns of numbers' }).fill('a\nb');
  await page.locator('input[type=file]').setInputFiles(onnx('age.onnx'));
  await expect(page.getByRole('button', { name: 'Move good up' })).toBeVisible();
  await page.getByLabel('Question').selectOption({ label: 'How old?' });
  await expect(page.getByRole('button', { name: 'Move good up' })).toHaveCount(0);
  await expect(page.getByText('The question wants a number')).toBeVisible();
  await page.getByRole('button', { name: 'As YAML' }).click();
  await expect(page.getByRole('dialog')).toContainText('field: age');
  await expect(page.getByRole('dialog')).not.toContainText('labels');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Add the model' }).click();
  await expect(page).toHaveURL(/\/client\/models\//);
  expect(site.state.madeModels).toMatchObject([{ output: { field: 'age' } }]);
  expect((site.state.madeModels[0]?.['output'] as object | undefined) ?? {}).not.toHaveProperty('labels');

  site.state.models = [numberModel()];
  await site.open(page, 'clara', `/client/models/${MODEL}`);
  await expect(page.getByText('2.1434 on average, over 200 items')).toBeVisible();
  await expect(page.getByText('a number, with no probability')).toBeVisible();
  await page.getByRole('button', { name: 'Use' }).click();
  const dialog = page.getByRole('dialog', { name: 'Use' });
  await expect(dialog.getByLabel('Tasks that are begun without it, in %')).toBeVisible();
  await expect(dialog.getByLabel(/at least so sure/)).toHaveCount(0);
  await page.keyboard.press('Escape');

  await site.open(page, 'clara', `/client/predictions/${PREDICTION}`);
  await expect(page.getByRole('img', { name: /^What it says: 20.25 to 24.15: / })).toBeVisible();
  await expect(page.getByText('0.31 too low')).toBeVisible();
  await expect(page.getByText('1.8214')).toBeVisible();
  const rows = page.getByRole('region', { name: 'Items', exact: true }).getByRole('row');
  await expect(rows.nth(1)).toHaveText(/1\s*r1\s*21.25$/);
  await expect(page.getByRole('columnheader', { name: 'Probability' })).toHaveCount(0);
});
