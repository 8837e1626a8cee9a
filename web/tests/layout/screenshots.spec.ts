/**
 * The three pictures that README opens with, from the double: the same bytes each time, as far as the browser's version
 * goes. CONSOLE_SCREENSHOTS names the folder (npm run screenshots). tests/flow/platform.spec.ts takes the same three on
 * a running platform.
 */
import type { Page } from '@playwright/test';
import { expect, signIn, test, type Console } from '../console.ts';
import { DATASET, PROJECT } from '../fake/state.ts';

const folder = process.env['CONSOLE_SCREENSHOTS'];
test.skip(
  folder === undefined || process.env['DATACROWD_URL'] !== undefined,
  'CONSOLE_SCREENSHOTS is not set',
);
test.use({ viewport: { width: 1280, height: 760 }, locale: 'en', timezoneId: 'UTC', colorScheme: 'light' });

const NOON = Date.parse('2026-11-27T12:00:00.500Z');
const SENTENCES = [
  'The battery lasts two full days, which is more than I hoped for at this price.',
  'Setting it up took an hour and two calls to the hotline. The second agent was patient, at least.',
  'It is a phone. It makes calls.',
];

/** A shop's reviews with a form of three questions. */
function prepare(site: Console): void {
  site.state.now = () => NOON;
  site.state.labeling.instructions = '';
  site.state.labeling.display = [
    { column: 'text', kind: 'TEXT' },
    { column: 'product', kind: 'TEXT' },
  ];
  site.state.labeling.fields = [
    {
      name: 'rating',
      title: 'How does the review feel?',
      type: 'SINGLE_CHOICE',
      options: ['very negative', 'negative', 'neutral', 'positive', 'very positive'],
      required: true,
    },
    {
      name: 'aspects',
      title: 'What is it about?',
      help: 'As many as it names.',
      type: 'MULTI_CHOICE',
      options: ['battery', 'price', 'set-up', 'support', 'sound', 'screen'],
    },
    { name: 'quote', title: 'Which words decide it?', type: 'TEXT' },
  ];
  site.state.fill(42, (n) => ({
    id: `r${n}`,
    text: SENTENCES[(n - 1) % SENTENCES.length] ?? '',
    product: 'Wireless headphones, 2nd generation',
  }));
}

async function still(page: Page, name: string): Promise<void> {
  await page.waitForLoadState('networkidle');
  await page.screenshot({ path: `${folder}/${name}.png`, animations: 'disabled' });
}

test('work', async ({ page, console: site }) => {
  prepare(site);
  await page.clock.setFixedTime(NOON);
  await site.open(page, 'wanda', `/work/${PROJECT}`);
  await expect(page.getByText('two full days')).toBeVisible();
  await page.keyboard.press('5');
  await expect(page.getByLabel('very positive')).toBeChecked();
  // The next question has the keys.
  await page.keyboard.press('1');
  await page.keyboard.press('2');
  await expect(page.getByLabel('price')).toBeChecked();
  await still(page, 'console-work');
});

test('dataset', async ({ page, console: site }) => {
  prepare(site);
  await page.clock.setFixedTime(NOON);
  await site.open(page, 'clara', `/client/datasets/${DATASET}`);
  await expect(page.getByText('What happened')).toBeVisible();
  await still(page, 'console-dataset');
});

test('review', async ({ page, console: site }) => {
  prepare(site);
  const [first] = site.state.tasks;
  if (first === undefined) return;
  first.answer = {
    id: 1,
    taskId: first.id,
    user: site.state.users[0]?.id ?? '',
    token: 't',
    answer: { rating: 'very positive', aspects: ['battery', 'price'], quote: 'more than I hoped for' },
    at: '2026-11-27T11:52:00Z',
    status: 'IN_REVIEW',
    decisions: [{ decision: 'APPROVED', comment: '', at: '2026-11-27T11:57:00Z' }],
  };
  site.state.answers.push(first.answer);
  await page.clock.setFixedTime(NOON);
  await page.goto(`${site.url}/app/`);
  await signIn(page, 'otto');
  await page.goto(`${site.url}/app/review/${PROJECT}`);
  await expect(page.getByText('two full days')).toBeVisible();
  await still(page, 'console-review');
});
