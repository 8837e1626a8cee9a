/** The whole flow by clicks and keys, as four people in four browsers, on a running platform. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, type Browser, type Page } from '@playwright/test';

const platform = process.env['DATACROWD_URL'];
const admin = process.env['DATACROWD_ADMIN_USERNAME'] ?? '';
const adminPassword = process.env['DATACROWD_ADMIN_PASSWORD'] ?? '';
const stripeEvent = process.env['DATACROWD_STRIPE_EVENT'] ?? '../dev/platform/stripe-event';
const pictures = process.env['CONSOLE_PICTURES'];
test.skip(platform === undefined || adminPassword === '', 'needs a running platform: source .dev/env');

const PASSWORD = 'a long enough password';
const stamp = Date.now().toString(36);
const WIDTH = Number(process.env['CONSOLE_WIDTH'] ?? 1280);

class People {
  readonly broken: string[] = [];
  constructor(
    private readonly browser: Browser,
    readonly url: string,
  ) {}

  async page(): Promise<Page> {
    const context = await this.browser.newContext({ viewport: { width: WIDTH, height: 800 }, locale: 'en' });
    await context.exposeFunction('reportBroken', (what: string) => this.broken.push(what));
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        (window as unknown as { reportBroken(what: string): void }).reportBroken(
          `${event.violatedDirective} ${event.blockedURI}`,
        );
      });
    });
    context.on('weberror', (error) => this.broken.push(String(error.error().stack)));
    return context.newPage();
  }

  async registered(name: string): Promise<Page> {
    const page = await this.page();
    await page.goto(`${this.url}/app/register`);
    await page.getByLabel('E-mail').fill(`${name}-${stamp}@example.com`);
    await page.getByLabel('Username').fill(`${name}-${stamp}`);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Create an account' }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    return page;
  }

  async signedIn(login: string, password: string): Promise<Page> {
    const page = await this.page();
    await page.goto(`${this.url}/app/`);
    await page.getByLabel('Username or e-mail').fill(login);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    return page;
  }
}

const ROWS = 6;
function csv(): string {
  const file = join(mkdtempSync(join(tmpdir(), 'console-')), 'reviews.csv');
  const rows = Array.from(
    { length: ROWS },
    (_, i) => `r${i + 1},"Sentence ${i + 1}: the battery lasts, and ""that"" is good 😀"`,
  );
  writeFileSync(file, `id,text\n${rows.join('\n')}\n`);
  return file;
}

async function token(page: Page): Promise<string> {
  const asked = page.waitForRequest(
    (request) => request.url().includes('/api/v1/') && 'authorization' in request.headers(),
  );
  await page.reload();
  return (await asked).headers()['authorization'] ?? '';
}

/** The three of README, of a real platform. */
const screenshot = async (page: Page, name: string) => {
  const folder = process.env['CONSOLE_SCREENSHOTS'];
  if (folder !== undefined) await page.screenshot({ path: join(folder, `console-${name}.png`) });
};

let shot = 0;
const picture = async (page: Page, name: string) => {
  if (pictures !== undefined)
    await page.screenshot({
      path: join(pictures, `flow-${String((shot += 1)).padStart(2, '0')}-${name}.png`),
    });
};

test(
  'register, role, wizard, upload, 402, pay, generate, work, reject, review, points, export',
  { tag: '@full' },
  async ({ browser }) => {
    test.setTimeout(300_000);
    const people = new People(browser, platform ?? '');
    const project = `Console ${stamp}`;
    const [clara, wanda, otto] = [
      await people.registered('clara'),
      await people.registered('wanda'),
      await people.registered('otto'),
    ];

    await test.step('an administrator makes a client', async () => {
      const ada = await people.signedIn(admin, adminPassword);
      const row = () => ada.getByRole('row', { name: `clara-${stamp}` });
      await ada.getByRole('row').nth(1).waitFor();
      while ((await row().count()) === 0) await ada.getByRole('button', { name: 'Show more' }).click();
      await row()
        .getByRole('button', { name: /Change/ })
        .click();
      await ada.getByLabel('Role').selectOption('CLIENT');
      await ada.getByRole('button', { name: 'Save the role' }).click();
      const password = ada.getByRole('dialog').getByLabel('Password');
      await expect(ada.getByText('Done.').or(password)).toBeVisible();
      if (await password.isVisible()) {
        await password.fill(adminPassword);
        await ada.getByRole('button', { name: 'Save the role' }).click();
        await expect(ada.getByText('Done.')).toBeVisible();
      }
      await picture(ada, 'users');
      await ada.context().close();
    });

    await test.step('the client makes a project by the wizard', async () => {
      // The role is in the token: a new one brings it.
      await clara.getByRole('button', { name: 'Sign out' }).click();
      await clara.getByLabel('Username or e-mail').fill(`clara-${stamp}`);
      await clara.getByLabel('Password', { exact: true }).fill(PASSWORD);
      await clara.getByRole('button', { name: 'Sign in' }).click();
      await clara.getByRole('link', { name: 'New project' }).first().click();
      await clara.getByLabel('Name of the project').fill(project);
      await clara.getByLabel('Take the columns from a file').setInputFiles(csv());
      await expect(clara.getByLabel('Main column')).toHaveValue('text');
      await expect(clara.getByLabel('Column that identifies an item')).toHaveValue('id');
      await clara.getByLabel('Instructions').fill('Read the **whole** sentence.');
      await clara.getByRole('button', { name: 'Next' }).click();
      await clara.getByRole('button', { name: 'Add a question' }).click();
      await clara.getByLabel('Question', { exact: true }).fill('How does it feel?');
      await clara.getByLabel('Options').fill('bad\nneutral\ngood');
      await clara.getByRole('button', { name: 'Add a question' }).click();
      const second = clara.locator('fieldset').nth(1);
      await second.getByLabel('Question', { exact: true }).fill('How sure are you, in percent?');
      await second.getByLabel('Answered by').selectOption('NUMBER');
      await second.getByLabel('Smallest').fill('0');
      await second.getByLabel('Largest').fill('100');
      await second.getByLabel('An answer is required').uncheck();
      await clara.getByRole('button', { name: 'Next' }).click();
      await clara.getByLabel('Points per approved answer').fill('5');
      await clara.getByRole('button', { name: 'Next' }).click();
      await expect(clara.getByText('Sentence 1:')).toBeVisible();
      await picture(clara, 'preview');
      await clara.getByRole('button', { name: 'As YAML' }).click();
      await expect(clara.getByText('kind: Project')).toBeVisible();
      await clara.keyboard.press('Escape');
      await clara.getByRole('button', { name: 'Create the project' }).click();
      await expect(clara.getByRole('heading', { name: project })).toBeVisible();
    });

    await test.step('uploads, is asked to pay, pays at the fake Stripe, and generates', async () => {
      await clara.locator('input[type=file]').setInputFiles(csv());
      await expect(clara.getByRole('cell', { name: /"that" is good 😀/ }).first()).toBeVisible();
      await clara.getByRole('button', { name: 'Upload', exact: true }).click();
      await clara.getByRole('button', { name: 'Generate tasks' }).click();
      await expect(clara.getByText('There is not enough quota')).toBeVisible();
      await picture(clara, '402');
      await clara.getByRole('button', { name: 'Buy judgements' }).click();
      await clara.getByLabel('Judgements', { exact: true }).fill('1000');
      const dataset = clara.url();
      await clara.route(/stripe/i, (route) =>
        route.fulfill({ status: 200, contentType: 'text/html', body: 'the checkout' }),
      );
      await clara.getByRole('button', { name: 'To the checkout' }).click();
      await expect(clara.getByText('the checkout', { exact: true })).toBeVisible();
      await clara.goto(`${people.url}/app/client/payments/return`);
      await expect(clara.getByText('Waiting for Stripe')).toBeVisible();
      const authorization = await token(clara);
      const listed = await fetch(`${platform}/api/v1/payments?limit=1`, { headers: { authorization } });
      const { items } = (await listed.json()) as { items: unknown[] };
      const told = spawnSync(stripeEvent, ['paid'], { input: JSON.stringify(items[0]), encoding: 'utf8' });
      expect(told.status, told.stderr).toBe(0);
      await expect(clara.getByText('1,000 judgements are credited')).toBeVisible({ timeout: 30_000 });
      await picture(clara, 'paid');
      await clara.goto(dataset);
      await clara.getByRole('button', { name: 'Generate tasks' }).click();
      await expect(clara.getByText('ready', { exact: true })).toBeVisible({ timeout: 90_000 });
      await picture(clara, 'dataset');
      await screenshot(clara, 'dataset');
    });

    const start = async (page: Page) => {
      await page
        .getByRole('link', { name: /^(Work|DataCrowd Lab)$/ })
        .first()
        .click();
      await page.getByRole('link', { name: `Start ${project}` }).click();
      const begin = page.getByRole('button', { name: 'To work' });
      await begin.waitFor();
      await page.keyboard.press('Enter');
      await expect(begin).toBeHidden();
    };

    await test.step('a worker answers every task by keys alone, and takes one back', async () => {
      await start(wanda);
      await picture(wanda, 'work');
      await screenshot(wanda, 'work');
      for (let i = 0; i < ROWS; i += 1) {
        await expect(wanda.getByText(`Sentence ${i + 1}:`)).toBeVisible();
        await wanda.keyboard.press(i === 0 ? '1' : '3');
        await wanda.keyboard.press('Enter');
      }
      await expect(wanda.getByText('No task for you just now')).toBeVisible();
      await expect(wanda.getByText(/being sent/)).toHaveCount(0);
      await wanda.getByRole('button', { name: 'Take back' }).click();
      await expect(wanda.getByText('Taken back')).toBeVisible();
      await expect(wanda.getByRole('radio', { name: 'good' })).toBeChecked();
      await wanda.getByLabel(/How sure/).fill('99,50');
      await wanda.keyboard.press('Control+Enter');
      await expect(wanda.getByText('No task for you just now')).toBeVisible();
    });

    await test.step('the other rejects one with a comment, and approves the others', async () => {
      await otto.getByRole('link', { name: 'Work' }).click();
      await otto.getByRole('link', { name: `Review ${project}` }).click();
      // Answers arrive in any order.
      const bad = otto.getByText('bad', { exact: true });
      for (const left = new Set(Array.from({ length: ROWS }, (_, i) => i + 1)); left.size > 0;) {
        const item = otto.getByText(new RegExp(`Sentence [${[...left].join('')}]:`));
        await expect(item).toBeVisible();
        left.delete(Number(/Sentence (\d)/.exec((await item.textContent()) ?? '')?.[1]));
        if (await bad.isVisible()) {
          await picture(otto, 'review');
          await screenshot(otto, 'review');
          await otto.keyboard.press('r');
          await otto.getByLabel('What is wrong?').fill('It is good.');
          await otto.keyboard.press('Control+Enter');
        } else await otto.keyboard.press('a');
      }
      await expect(otto.getByRole('heading', { name: 'No answer waits' })).toBeVisible();
    });

    await test.step('a third answers the rejected one, which neither of the two is offered', async () => {
      const nina = await people.registered('nina');
      await start(nina);
      await expect(nina.getByText('Sentence 1:')).toBeVisible();
      await nina.keyboard.press('3');
      await nina.keyboard.press('Enter');
      await expect(nina.getByText('No task for you just now')).toBeVisible();
      await otto.getByRole('button', { name: 'Look again' }).click();
      await expect(otto.getByText('Sentence 1:')).toBeVisible();
      await otto.keyboard.press('a');
      await expect(otto.getByRole('heading', { name: 'No answer waits' })).toBeVisible();
    });

    await test.step('the first sees the comment and the points', async () => {
      await wanda.getByRole('link', { name: 'My answers' }).click();
      await expect(wanda.getByText('It is good.')).toBeVisible();
      await expect(wanda.getByText('99.50', { exact: true })).toBeVisible();
      await picture(wanda, 'answers');
      await wanda.getByRole('link', { name: 'Points' }).click();
      await expect(wanda.locator('.facts').getByText(String((ROWS - 1) * 5), { exact: true })).toBeVisible();
    });

    await test.step('the client sees the numbers, exports and downloads', async () => {
      await clara.goto(`${people.url}/app/client/projects`);
      await clara.getByRole('link', { name: project }).click();
      await expect(clara.getByText(`${ROWS} of ${ROWS} done`)).toBeVisible();
      await clara.getByRole('link', { name: 'Numbers' }).click();
      await expect(clara.getByText('It is good.')).toBeVisible();
      await picture(clara, 'numbers');
      await clara.getByRole('link', { name: 'Crowd', exact: true }).click();
      await expect(clara.getByRole('button', { name: 'Block' }).first()).toBeVisible();
      await clara.getByRole('link', { name: 'Exports' }).click();
      await clara.getByRole('button', { name: 'Export', exact: true }).click();
      const link = clara.waitForRequest((request) => request.url().includes('X-Amz-Signature'), {
        timeout: 90_000,
      });
      await clara.getByRole('button', { name: 'Download' }).click({ timeout: 90_000 });
      await link;
      await picture(clara, 'exports');
    });

    expect(people.broken, 'policy violations and errors of the page').toEqual([]);
  },
);
