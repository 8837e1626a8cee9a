/** What axe finds on pages in trouble: faults at fields, refusals, dialogs over them. */
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, signIn, test, PASSWORD, type Console } from '../console.ts';
import { answered, trained } from '../fake/history.ts';
import { wav } from '../fake/media.ts';
import { PROJECT, WARM_MODEL } from '../fake/state.ts';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

async function clean(page: Page, state: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(TAGS)
    .options({ rules: { 'target-size': { enabled: true } } })
    .analyze();
  const found = violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary ?? ''}`),
  );
  expect.soft(found, state).toEqual([]);
}

const focused = (page: Page) =>
  page.evaluate(() => {
    const one = document.activeElement;
    return one?.getAttribute('aria-label') ?? one?.textContent?.trim() ?? '';
  });

async function atWork(page: Page, site: Console): Promise<void> {
  site.state.labeling.instructions = '';
  site.state.labeling.fields.push(
    { name: 'note', title: 'Why?', type: 'TEXT', required: true, maxLength: 20 },
    { name: 'n', title: 'How much?', type: 'NUMBER', minimum: 1, maximum: 5 },
  );
  await site.open(page, 'wanda', `/work/${PROJECT}`);
  await expect(page.getByText('number 1 lasts')).toBeVisible();
}

test('a sign-in that is refused, and a registration', async ({ page, console: site }) => {
  await page.goto(`${site.url}/app/`);
  await page.getByLabel('Username or e-mail').fill('wanda');
  await page.getByLabel('Password').fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await clean(page, 'sign-in refused');
});

test('a form with faults, an ended lease, a refused answer, dialogs over them', async ({
  page,
  console: site,
}) => {
  site.state.labeling.fields[0]?.options?.push('poison');
  await atWork(page, site);
  await page.getByLabel('How much?').fill('9');
  await page.getByLabel('How much?').press('Control+Enter');
  await expect(page.getByText('This needs an answer.').first()).toBeVisible();
  await clean(page, 'faults');
  await page.getByLabel('How much?').fill('3');
  await page.getByLabel('Why?').fill('because');
  await page.getByLabel('poison').check();
  await page.getByLabel('Why?').press('Control+Enter');
  await expect(page.getByText('Answers that need you')).toBeVisible();
  await clean(page, 'refused');
  await page.getByRole('button', { name: /^Skip/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Skip', exact: true }).click();
  await expect(page.getByRole('dialog').getByText('This needs an answer.')).toBeVisible();
  await clean(page, 'skip without a reason');
  site.state.endSessions();
  await page.getByRole('dialog').getByRole('button', { name: 'No option fits.' }).click();
  const dialog = page.getByRole('dialog', { name: 'Sign in again' });
  await dialog.getByLabel('Password').fill('wrong');
  await dialog.getByRole('button', { name: 'Sign in' }).click();
  await expect(dialog.getByRole('alert')).toBeVisible();
  await clean(page, 'sign-in over the work, refused');
  await dialog.getByLabel('Password').fill(PASSWORD);
  await dialog.getByRole('button', { name: 'Sign in' }).click();
  await expect(dialog).toBeHidden();
});

test('each step of the wizard with faults; the first of them has the focus', async ({
  page,
  console: site,
}) => {
  await site.open(page, 'clara', '/client/projects/new');
  await page.getByRole('button', { name: 'Next' }).press('Enter');
  await expect(page.getByLabel('Name of the project')).toBeFocused();
  await clean(page, 'item');
  await page.getByLabel('Name of the project').fill('Reviews');
  await page.getByRole('button', { name: 'Next' }).press('Enter');
  await expect(page.getByRole('button', { name: '2 Questions' })).toBeFocused();
  await page.getByRole('button', { name: 'Next' }).press('Enter');
  await expect(page.getByRole('alert')).toBeVisible();
  await clean(page, 'no questions');
  await page.getByRole('button', { name: 'Add a question' }).click();
  await page.getByRole('button', { name: 'Next' }).press('Enter');
  await expect(page.getByLabel('Options')).toBeFocused();
  await clean(page, 'questions');
  await page.getByLabel('Options').fill('a\nb');
  await page.getByRole('button', { name: 'Next' }).press('Enter');
  await page.getByLabel('Answers per task').fill('400');
  await page.getByRole('button', { name: 'Next' }).press('Enter');
  await expect(page.getByLabel('Answers per task')).toBeFocused();
  await clean(page, 'rules');
  await page.getByLabel('Answers per task').fill('1');
  await page.getByLabel('First tasks of a newcomer').fill('5');
  await page.getByLabel('Then one task in so many').fill('1');
  await page.getByLabel('Share of answers that are right').selectOption('0.7');
  await page.getByRole('button', { name: 'Next' }).press('Enter');
  await expect(page.getByLabel('Then one task in so many')).toBeFocused();
  await clean(page, 'gold');
  await page.getByLabel('Then one task in so many').fill('');
  await page.getByRole('button', { name: 'Next' }).press('Enter');
  await page.getByRole('button', { name: 'Check the form' }).click();
  await clean(page, 'preview');
  await page.getByRole('button', { name: 'As YAML' }).click();
  await clean(page, 'manifest');
});

test('a code of Telegram that is wrong, light and dark', async ({ page, console: site }) => {
  site.state.telegramBot = '@datacrowd_bot';
  await site.open(page, 'clara', '/account');
  const code = page.getByLabel('Code from the bot');
  await code.fill('AAAAAA');
  await code.press('Enter');
  await expect(code).toHaveAttribute('aria-invalid', 'true');
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await clean(page, `wrong code, ${colorScheme}`);
  }
});

test('a model that is tried: answered, failed, refused, on its way; light and dark', async ({
  page,
  console: site,
}) => {
  trained(site.state);
  await site.open(page, 'clara', `/client/models/${WARM_MODEL}/try`);
  const file = (name: string, seconds = 1) => ({ name, mimeType: 'audio/wav', buffer: wav(seconds) });
  const input = page.locator('input[type=file]');
  await input.setInputFiles([file('robot.wav'), file('silent.wav'), file('mixed.wav', 4)]);
  await page.getByText('As a table').click();
  await expect(page.getByText('synthetic 97.3%').first()).toBeVisible();
  await expect(page.getByText('There is no sound in it.')).toBeVisible();
  site.state.refusedItems.push([409, 'inbox_suspended']);
  await input.setInputFiles(file('refused.wav'));
  await expect(page.getByRole('alert')).toBeVisible();
  site.state.latency = 20_000;
  await input.setInputFiles([file('next.wav'), file('last.wav')]);
  await expect(page.getByRole('progressbar')).toBeVisible();
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await clean(page, `tries, ${colorScheme}`);
  }
});

test('files that failed, a payment and an account that are refused', async ({ page, console: site }) => {
  await site.open(page, 'clara', `/client/projects/${PROJECT}/data`);
  await page.getByRole('radio', { name: 'Files' }).check();
  site.state.refusedPuts.set('a.wav', [413]);
  await page
    .getByLabel('Choose files')
    .setInputFiles([{ name: 'a.wav', mimeType: 'audio/wav', buffer: Buffer.from('RIFF') }]);
  await page.getByRole('button', { name: 'Upload', exact: true }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await clean(page, 'files failed');
  await page.goto(`${site.url}/app/client/projects/${PROJECT}`);
  await page.route('**/payments/checkout', (route) =>
    route.fulfill({
      status: 422,
      headers: { 'x-correlation-id': 'c0ffee' },
      json: {
        code: 'invalid_request',
        message: 'Correct the members.',
        details: { judgements: 'at least 40', promoCode: 'unknown' },
      },
    }),
  );
  const buy = page.getByRole('button', { name: 'Buy judgements' });
  await buy.click();
  await page.getByRole('dialog').getByLabel('Judgements').fill('1');
  await page.getByRole('dialog').getByRole('button', { name: 'To the checkout' }).click();
  await expect(page.getByText('at least 40')).toBeVisible();
  await clean(page, 'payment refused');
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  await expect(buy, 'the focus returns').toBeFocused();
});

test('a rejection without a comment; the focus returns to where it was', async ({ page, console: site }) => {
  answered(site.state);
  await page.goto(`${site.url}/app/`);
  await signIn(page, 'otto');
  await page.getByRole('link', { name: /^Review/ }).click();
  const reject = page.getByRole('button', { name: /^Reject/ });
  await reject.click();
  await page.getByRole('dialog').getByRole('button', { name: 'Reject' }).click();
  await expect(page.getByRole('dialog').getByRole('alert')).toBeVisible();
  await clean(page, 'no comment');
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  await expect(reject).toBeFocused();
  expect(await focused(page)).toContain('Reject');
});
