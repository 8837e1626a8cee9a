/** The whole flow by clicks and keys, as four people in four browsers, on a running platform. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, type Browser, type Page } from '@playwright/test';
import { TEXTS } from '../texts.ts';

const platform = process.env['DATACROWD_URL'];
const admin = process.env['DATACROWD_ADMIN_USERNAME'] ?? '';
const adminPassword = process.env['DATACROWD_ADMIN_PASSWORD'] ?? '';
const stripeEvent = process.env['DATACROWD_STRIPE_EVENT'] ?? '../dev/platform/stripe-event';
const pictures = process.env['CONSOLE_PICTURES'];
test.skip(platform === undefined || adminPassword === '', 'needs a running platform: source .dev/env');

const PASSWORD = 'a long enough password';
const stamp = Date.now().toString(36);
const WIDTH = Number(process.env['CONSOLE_WIDTH'] ?? 1280);
const LANGUAGE = process.env['CONSOLE_LANGUAGE'] === 'ru' ? 'ru' : 'en';
const t = TEXTS[LANGUAGE];
const formatted = (number: number) => new Intl.NumberFormat(LANGUAGE).format(number);

class People {
  readonly broken: string[] = [];
  constructor(
    private readonly browser: Browser,
    readonly url: string,
  ) {}

  async page(): Promise<Page> {
    const context = await this.browser.newContext({
      viewport: { width: WIDTH, height: 800 },
      locale: LANGUAGE,
    });
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
    await page.getByLabel(t.account.email, { exact: true }).fill(`${name}-${stamp}@example.com`);
    await page.getByLabel(t.account.username, { exact: true }).fill(`${name}-${stamp}`);
    await page.getByLabel(t.account.password, { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: t.account.register }).click();
    await page.getByRole('button', { name: t.nav.signOut }).waitFor();
    return page;
  }

  async signedIn(login: string, password: string): Promise<Page> {
    const page = await this.page();
    await page.goto(`${this.url}/app/`);
    await page.getByLabel(t.account.login).fill(login);
    await page.getByLabel(t.account.password, { exact: true }).fill(password);
    await page.getByRole('button', { name: t.account.signIn }).click();
    await page.getByRole('button', { name: t.nav.signOut }).waitFor();
    return page;
  }
}

const ROWS = 6;
function csv(): string {
  const file = test.info().outputPath('reviews.csv');
  const rows = Array.from(
    { length: ROWS },
    (_, i) => `r${i + 1},"Sentence ${i + 1}: the battery lasts, and ""that"" is good 😀"`,
  );
  writeFileSync(file, `id,text\n${rows.join('\n')}\n`);
  return file;
}

/** Larger than what is sent in one request without going on after a broken line. */
function large(): string {
  const file = test.info().outputPath('large.csv');
  writeFileSync(file, `id,text\n${'1,a long sentence\n'.repeat(2_000_000)}`);
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
      // Whoever registered last may be on any page; behind the last one the button is gone.
      const more = ada.getByRole('button', { name: t.common.more });
      await expect(async () => {
        if ((await more.count()) > 0) await more.click({ timeout: 1000 });
        await expect(row()).toBeVisible({ timeout: 1000 });
      }).toPass();
      await row().getByRole('button', { name: t.admin.change }).click();
      await ada.getByLabel(t.admin.role).selectOption('CLIENT');
      await ada.getByRole('button', { name: t.admin.saveRole }).click();
      const password = ada.getByRole('dialog').getByLabel(t.account.password);
      await expect(ada.getByText(t.admin.done).or(password)).toBeVisible();
      if (await password.isVisible()) {
        await password.fill(adminPassword);
        await ada.getByRole('button', { name: t.admin.saveRole }).click();
        await expect(ada.getByText(t.admin.done)).toBeVisible();
      }
      await picture(ada, 'users');
      await ada.context().close();
    });

    await test.step('the client makes a project by the wizard', async () => {
      // The role is in the token: a new one brings it.
      await clara.getByRole('button', { name: t.nav.signOut }).click();
      await clara.getByLabel(t.account.login).fill(`clara-${stamp}`);
      await clara.getByLabel(t.account.password, { exact: true }).fill(PASSWORD);
      await clara.getByRole('button', { name: t.account.signIn }).click();
      await clara.getByRole('link', { name: t.client.newProject }).first().click();
      await clara.getByLabel(t.wizard.displayName).fill(project);
      await clara.getByLabel(t.wizard.sample).setInputFiles(csv());
      await expect(clara.getByLabel(t.wizard.mainColumn)).toHaveValue('text');
      await expect(clara.getByLabel(t.wizard.externalId)).toHaveValue('id');
      await clara.getByLabel(t.wizard.instructions).fill('Read the **whole** sentence.');
      await clara.getByRole('button', { name: t.wizard.next }).click();
      await clara.getByRole('button', { name: t.wizard.addQuestion }).click();
      await clara.getByLabel(t.wizard.title, { exact: true }).fill('How does it feel?');
      await clara.getByLabel(t.wizard.options).fill('bad\nneutral\ngood');
      await clara.getByRole('button', { name: t.wizard.addQuestion }).click();
      const second = clara.locator('fieldset').nth(1);
      await second.getByLabel(t.wizard.title, { exact: true }).fill('How sure are you, in percent?');
      await second.getByLabel(t.wizard.type).selectOption('NUMBER');
      await second.getByLabel(t.wizard.minimum).fill('0');
      await second.getByLabel(t.wizard.maximum).fill('100');
      await second.getByLabel(t.wizard.required).uncheck();
      await clara.getByRole('button', { name: t.wizard.next }).click();
      await clara.getByLabel(t.wizard.rewardPoints).fill('5');
      await clara.getByRole('button', { name: t.wizard.next }).click();
      await expect(clara.getByText('Sentence 1:')).toBeVisible();
      await picture(clara, 'preview');
      await clara.getByRole('button', { name: t.wizard.asYaml }).click();
      await expect(clara.getByText('kind: Project')).toBeVisible();
      await clara.keyboard.press('Escape');
      await clara.getByRole('button', { name: t.wizard.create }).click();
      await expect(clara.getByRole('heading', { name: project })).toBeVisible();
    });

    await test.step('uploads, is asked to pay, pays at the fake Stripe, and generates', async () => {
      await clara.locator('input[type=file]').setInputFiles(csv());
      await expect(clara.getByRole('cell', { name: /"that" is good 😀/ }).first()).toBeVisible();
      await clara.getByRole('button', { name: t.client.send, exact: true }).click();
      await clara.getByRole('button', { name: t.client.generate }).click();
      await expect(clara.getByText(t.problems['payment_required'] ?? 'a text for 402')).toBeVisible();
      await picture(clara, '402');
      await clara.getByRole('button', { name: t.client.buy }).click();
      await clara.getByLabel(t.client.judgements, { exact: true }).fill('1000');
      const dataset = clara.url();
      await clara.route(/stripe/i, (route) =>
        route.fulfill({ status: 200, contentType: 'text/html', body: 'the checkout' }),
      );
      await clara.getByRole('button', { name: t.client.toCheckout }).click();
      await expect(clara.getByText('the checkout', { exact: true })).toBeVisible();
      await clara.goto(`${people.url}/app/client/payments/return`);
      await expect(clara.getByText(t.client.paymentWaits)).toBeVisible();
      const authorization = await token(clara);
      const listed = await fetch(`${platform}/api/v1/payments?limit=1`, { headers: { authorization } });
      const { items } = (await listed.json()) as { items: unknown[] };
      const told = spawnSync(stripeEvent, ['paid'], { input: JSON.stringify(items[0]), encoding: 'utf8' });
      expect(told.status, told.stderr).toBe(0);
      await expect(clara.getByText(t.client.paymentPaid(formatted(1000)))).toBeVisible({ timeout: 30_000 });
      await picture(clara, 'paid');
      await clara.goto(dataset);
      // What is paid for reaches the project a moment after the payment is known; until then it is 402 as before.
      const generate = clara.getByRole('button', { name: t.client.generate });
      await expect(generate).toBeVisible();
      await expect(async () => {
        if (await generate.isVisible()) await generate.click({ timeout: 2_000 });
        await expect(generate).toBeHidden({ timeout: 3_000 });
      }).toPass({ timeout: 30_000 });
      await expect(clara.getByText(t.states.READY, { exact: true })).toBeVisible({ timeout: 90_000 });
      await picture(clara, 'dataset');
      await screenshot(clara, 'dataset');
    });

    const start = async (page: Page) => {
      await page.getByRole('link', { name: t.nav.work, exact: true }).first().click();
      await page.getByRole('link', { name: `${t.worker.start} ${project}` }).click();
      const begin = page.getByRole('button', { name: t.work.toWork });
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
      await expect(wanda.getByText(t.work.noTask)).toBeVisible();
      await expect(wanda.getByText(new RegExp(t.work.sending(1).replace('1', '\\d+')))).toHaveCount(0);
      await wanda.getByRole('button', { name: t.work.takeBack }).click();
      await expect(wanda.getByText(t.work.notices.tookBack)).toBeVisible();
      await expect(wanda.getByRole('radio', { name: 'good' })).toBeChecked();
      await wanda.getByLabel(/How sure/).fill('99,50');
      await wanda.keyboard.press('Control+Enter');
      await expect(wanda.getByText(t.work.noTask)).toBeVisible();
    });

    await test.step('the other rejects one with a comment, and approves the others', async () => {
      await otto.getByRole('link', { name: t.nav.work, exact: true }).click();
      await otto.getByRole('link', { name: `${t.work.reviewIt} ${project}` }).click();
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
          await otto.getByLabel(t.review.comment).fill('It is good.');
          await otto.keyboard.press('Control+Enter');
        } else await otto.keyboard.press('a');
      }
      await expect(otto.getByRole('heading', { name: t.review.nothing })).toBeVisible();
    });

    await test.step('a third answers the rejected one, which neither of the two is offered', async () => {
      const nina = await people.registered('nina');
      await start(nina);
      await expect(nina.getByText('Sentence 1:')).toBeVisible();
      await nina.keyboard.press('3');
      await nina.keyboard.press('Enter');
      await expect(nina.getByText(t.work.noTask)).toBeVisible();
      await otto.getByRole('button', { name: t.work.lookAgain }).click();
      await expect(otto.getByText('Sentence 1:')).toBeVisible();
      await otto.keyboard.press('a');
      await expect(otto.getByRole('heading', { name: t.review.nothing })).toBeVisible();
    });

    await test.step('the first sees the comment and the points', async () => {
      await wanda.getByRole('link', { name: t.nav.answers }).click();
      await expect(wanda.getByText('It is good.')).toBeVisible();
      await expect(wanda.getByText(/^99[.,]50$/)).toBeVisible();
      await picture(wanda, 'answers');
      await wanda.getByRole('link', { name: t.nav.points }).click();
      await expect(wanda.locator('.facts').getByText(String((ROWS - 1) * 5), { exact: true })).toBeVisible();
    });

    await test.step('the client sees the numbers, exports and downloads', async () => {
      await clara.goto(`${people.url}/app/client/projects`);
      await clara.getByRole('link', { name: project }).click();
      await expect(clara.getByText(t.client.progressOf(formatted(ROWS), formatted(ROWS)))).toBeVisible();
      await clara.getByRole('link', { name: t.tabs.numbers }).click();
      await expect(clara.getByText('It is good.')).toBeVisible();
      await picture(clara, 'numbers');
      await clara.getByRole('link', { name: t.tabs.crowd, exact: true }).click();
      await expect(clara.getByRole('button', { name: t.crowd.block }).first()).toBeVisible();
      await clara.getByRole('link', { name: t.tabs.exports }).click();
      await clara.getByRole('button', { name: t.exports.start, exact: true }).click();
      const link = clara.waitForRequest((request) => request.url().includes('X-Amz-Signature'), {
        timeout: 90_000,
      });
      await clara.getByRole('button', { name: t.exports.download }).click({ timeout: 90_000 });
      await link;
      await picture(clara, 'exports');
    });

    await test.step('a large table goes on after a line that broke', async () => {
      if (WIDTH < 1280 || LANGUAGE !== 'en') return;
      await clara.getByRole('link', { name: t.tabs.data, exact: true }).click();
      let lines = 0;
      await clara.route('**/uploads/*/files/*', (route) => {
        const breaks = route.request().method() === 'PATCH' && (lines += 1) === 1;
        return breaks ? route.abort() : route.continue();
      });
      await clara.locator('input[type=file]').setInputFiles(large());
      await clara.getByRole('button', { name: t.client.send, exact: true }).click();
      await expect(clara).toHaveURL(/\/datasets\//, { timeout: 60_000 });
      await expect(clara.getByRole('cell', { name: 'a long sentence' }).first()).toBeVisible();
      expect(lines).toBe(2);
    });

    expect(people.broken, 'policy violations and errors of the page').toEqual([]);
  },
);
