/** What a person is told: the bell and its number, the page, what of it they want, and a mail's link that stops more. */
import { expect, test } from '../console.ts';
import { settingsOf, TELEGRAM_CODE, tell, told, UNSUBSCRIBE } from '../fake/notifications.ts';
import { PROJECT } from '../fake/state.ts';

const bell = /^Notifications/;

test('the bell counts, asks every minute and when the tab comes back, and not in a hidden tab', async ({
  page,
  console: site,
}) => {
  told(site.state);
  await page.clock.install();
  let asked = 0;
  page.on('request', (request) => {
    if (request.url().includes('/me/notifications?limit=1')) asked += 1;
  });
  await site.open(page, 'clara', '/account');
  const link = page.getByRole('link', { name: bell });
  await expect(link).toHaveAccessibleName('Notifications, 3 unread');
  await expect(link).toHaveText('3');
  expect(asked).toBe(1);
  tell(site.state, 'clara', 'EXPORTS', 'export.failed', { projectId: PROJECT, name: 'x' });
  await page.clock.runFor(61_000);
  await expect(link).toHaveText('4');
  expect(asked).toBe(2);

  const hide = (isHidden: boolean) =>
    page.evaluate((hidden) => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
      document.dispatchEvent(new Event('visibilitychange'));
    }, isHidden);
  await hide(true);
  await page.clock.runFor(300_000);
  expect(asked).toBe(2);
  for (let i = 0; i < 96; i += 1)
    tell(site.state, 'clara', 'EXPORTS', 'export.failed', { projectId: PROJECT, name: 'x' });
  await hide(false);
  await expect(link).toHaveText('99+');
  await expect(link).toHaveAccessibleName('Notifications, 100 unread');
  expect(asked).toBe(3);
});

test('the page says what happened, leads there, and marks what it shows', async ({ page, console: site }) => {
  told(site.state);
  await site.open(page, 'clara', '/client/projects');
  const link = page.getByRole('link', { name: bell });
  await expect(link).toHaveText('3');
  await link.click();
  await expect(page).toHaveTitle('Notifications · DataCrowd');
  const rows = page.getByRole('main').getByRole('listitem');
  await expect(rows).toHaveCount(13);
  await expect(link).toHaveAccessibleName('Notifications');
  expect(site.state.notifications.filter(({ readAt }) => readAt === null)).toHaveLength(1);

  // What was unread looks so until one leaves.
  const unread = rows.filter({ hasText: 'Unread:' });
  await expect(unread).toHaveCount(3);
  const ready = rows.filter({ hasText: 'Export reviews-2 is ready: 3,708 records.' });
  await expect(ready.getByText('· Product reviews')).toBeVisible();
  for (const [sentence, target] of [
    ['Export reviews-2 is ready: 3,708 records.', `/app/client/projects/${PROJECT}/exports`],
    ['Project reviews has used up its 5,000 judgements.', `/app/client/projects/${PROJECT}`],
    ['€20.00 of a payment of €50.00 was refunded.', '/app/client/payments/'],
    ['Dataset items-old failed: no tasks could be made of it (BadInput).', '/app/client/datasets/'],
    ['The webhook https://hooks.example.com/in was disabled', '/app/client/webhooks/'],
  ] as const)
    expect(await page.getByRole('link', { name: sentence }).getAttribute('href')).toContain(target);

  await page.getByRole('button', { name: 'Mark all as read' }).click();
  await expect(page.getByText('All notifications are read.')).toBeVisible();
  await expect(unread).toHaveCount(0);
  await expect(link).toHaveAccessibleName('Notifications');
  await page.getByRole('link', { name: 'Export reviews-2 is ready' }).click();
  await expect(page).toHaveTitle('Product reviews · Exports · DataCrowd');
});

test('what was seen looks read at the next visit, what came since looks unread', async ({
  page,
  console: site,
}) => {
  told(site.state);
  await site.open(page, 'clara', '/notifications');
  const unread = page.getByRole('listitem').filter({ hasText: 'Unread:' });
  await expect(unread).toHaveCount(3);
  await expect(page.getByRole('link', { name: bell })).toHaveAccessibleName('Notifications');
  await page.getByRole('link', { name: 'Payments', exact: true }).click();
  await expect(page).toHaveTitle('Payments · DataCrowd');
  tell(site.state, 'clara', 'EXPORTS', 'export.failed', { projectId: PROJECT, name: 'late' });
  await page.getByRole('link', { name: bell }).click();
  await expect(unread).toHaveCount(1);
  await expect(unread).toContainText('Export late failed');
});

test('an older one that came late looks unread beside newer ones that were read', async ({
  page,
  console: site,
}) => {
  for (const name of ['late', 'first'])
    tell(site.state, 'clara', 'EXPORTS', 'export.failed', { projectId: PROJECT, name });
  const [first, late] = site.state.notifications;
  if (first === undefined || late === undefined) throw new Error('none told');
  first.readAt = first.happenedAt;
  await site.open(page, 'clara', '/notifications');
  const unread = page.getByRole('listitem').filter({ hasText: 'Unread:' });
  await expect(unread).toHaveCount(1);
  await expect(unread).toContainText('Export late failed');
  await expect.poll(() => late.readAt).toBeTruthy();
  await expect(page.getByRole('link', { name: bell })).toHaveAccessibleName('Notifications');
});

test('a page that is opened in a hidden tab marks nothing before somebody looks', async ({
  page,
  console: site,
}) => {
  told(site.state);
  const left = () =>
    site.state.notifications.filter(({ topic, readAt }) => topic !== 'QUALIFICATION' && readAt === null);
  await page.addInitScript(() => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });
  });
  await site.open(page, 'clara', '/notifications');
  await expect(page.getByRole('listitem').filter({ hasText: 'Unread:' })).toHaveCount(3);
  await page.waitForLoadState('networkidle');
  expect(left()).toHaveLength(3);
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => false });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await expect.poll(left).toHaveLength(0);
});

test('a long list comes page by page; nothing and an error are said', async ({ page, console: site }) => {
  await site.open(page, 'clara', '/notifications');
  await expect(page.getByRole('heading', { name: 'No notifications yet' })).toBeVisible();
  for (let i = 1; i <= 30; i += 1)
    tell(site.state, 'clara', 'EXPORTS', 'export.failed', { projectId: PROJECT, name: `e-${i}.` }, i <= 2);
  await page.reload();
  await expect(page.getByText('Export e-6. failed')).toBeVisible();
  await expect(page.getByText('Export e-5. failed')).toHaveCount(0);
  await page.getByRole('button', { name: 'Show more' }).click();
  await expect(page.getByText('Export e-1. failed')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Show more' })).toHaveCount(0);
  await expect(page.getByRole('listitem').filter({ hasText: 'Unread:' }), 'also of later pages').toHaveCount(
    28,
  );

  await page.route('**/api/v1/me/notifications?*', (route) =>
    route.fulfill({ status: 403, json: { code: 'forbidden', message: 'Not now.' } }),
  );
  await page.reload();
  await expect(page.getByRole('alert')).toContainText('Not now.');
  await page.unroute('**/api/v1/me/notifications?*');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByText('Export e-30. failed')).toBeVisible();
});

test('a worker is told in Russian, and the bell is no matter of the work', async ({
  browser,
  console: site,
}) => {
  told(site.state);
  site.state.labeling.instructions = '';
  const context = await browser.newContext({ locale: 'ru' });
  const page = await context.newPage();
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await site.open(page, 'wanda', `/work/${PROJECT}`);
  const link = page.getByRole('link', { name: 'Уведомления, непрочитанных: 1' });
  await expect(link).toHaveText('1');
  await expect(page.getByText('number 1 lasts')).toBeVisible();
  await page.keyboard.press('3');
  await expect(page.getByLabel('good')).toBeChecked();
  // The number changes between two keys.
  tell(site.state, 'wanda', 'QUALIFICATION', 'worker.added', { projectId: PROJECT });
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await expect(page.getByRole('link', { name: 'Уведомления, непрочитанных: 2' })).toHaveText('2');
  await page.keyboard.press('Enter');
  await expect.poll(() => site.state.log.length).toBe(1);
  const scripts = asked.filter((url) => url.endsWith('.js'));
  const loaded = await Promise.all(scripts.map(async (url) => (await page.request.get(url)).text()));
  expect(
    loaded.filter((script) => script.includes('слишком мало ваших ответов')),
    'the work loads no sentences',
  ).toEqual([]);
  await page.getByRole('link', { name: /^Уведомления/ }).click();
  await expect(
    page.getByRole('link', {
      name: 'В одном из проектов слишком мало ваших ответов верны (12 из 20): ваши ответы в нём проверяются.',
    }),
  ).toBeVisible();
  await context.close();
});

test('a session that is over is not told by the bell', async ({ page, console: site }) => {
  await page.clock.install();
  await site.open(page, 'wanda', `/work/${PROJECT}`);
  await expect(page.getByRole('link', { name: bell })).toBeVisible();
  await page.goto(`${site.url}/app/account`);
  await expect(page.getByRole('heading', { name: 'Personal tokens' })).toBeVisible();
  await page.waitForLoadState('networkidle');
  site.state.endSessions();
  const refused = page.waitForResponse((one) => one.url().includes('limit=1') && one.status() === 401);
  await page.clock.runFor(61_000);
  await refused;
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('settings are kept at once: by topic, by channel, and the language of mails', async ({
  page,
  console: site,
}) => {
  const clara = site.state.users.find(({ username }) => username === 'clara')?.id ?? '';
  const kept = () => settingsOf(site.state, clara);
  await site.open(page, 'clara', '/account');
  const section = page.locator('section').filter({ hasText: 'Language of e-mails' });
  await expect(section.getByRole('row')).toHaveCount(5);
  await expect(section.getByText('Qualification')).toHaveCount(0);
  await section.getByLabel('Exports: E-mail').uncheck();
  await section.getByLabel('Webhooks: In the console').uncheck();
  await expect(section.getByText('Saved.')).toBeVisible();
  await expect.poll(() => kept().topics.find(({ topic }) => topic === 'EXPORTS')?.email).toBe(false);
  await expect.poll(() => kept().topics.find(({ topic }) => topic === 'WEBHOOKS')?.inApp).toBe(false);
  await section.getByLabel('Language of e-mails').selectOption('ru');
  await expect.poll(() => kept().language).toBe('ru');
  await page.reload();
  await expect(section.getByLabel('Exports: E-mail')).not.toBeChecked();
  await expect(section.getByLabel('Language of e-mails')).toHaveValue('ru');

  // Refused: what the server holds stands there again.
  await page.route('**/me/notification-settings', (route) =>
    route.request().method() === 'PUT'
      ? route.fulfill({ status: 503, json: { code: 'unavailable', message: 'x' } })
      : route.fallback(),
  );
  await section.getByLabel('Datasets: E-mail').click();
  await expect(section.getByRole('alert')).toBeVisible();
  await expect(section.getByLabel('Datasets: E-mail')).toBeChecked();
});

test('a platform without e-mail says so, and each has the topics of their role', async ({
  page,
  console: site,
}) => {
  site.state.hasEmail = false;
  await site.open(page, 'wanda', '/account');
  await expect(page.getByText('This platform sends no e-mail.')).toBeVisible();
  await expect(page.getByLabel('Qualification: E-mail')).toBeDisabled();
  await expect(page.getByLabel('Qualification: In the console')).toBeEnabled();
  await expect(page.getByLabel(/: In the console$/)).toHaveCount(1);
  await site.open(page, 'ada', '/account');
  await expect(page.getByLabel(/: In the console$/)).toHaveCount(5);
});

test('a chat in Telegram is linked by a code of the bot, chosen by topic, and unlinked', async ({
  page,
  console: site,
}) => {
  site.state.telegramBot = '@datacrowd_bot';
  const clara = site.state.users.find(({ username }) => username === 'clara')?.id ?? '';
  await site.open(page, 'clara', '/account');
  const section = page.locator('section').filter({ hasText: 'Language of e-mails' });
  const exports = section.getByLabel('Exports: Telegram');
  await expect(exports).toBeDisabled();
  await expect(section.getByText('To be told in Telegram, link a chat below.')).toBeVisible();
  const open = section.getByRole('link', { name: 'Open @datacrowd_bot in Telegram' });
  await expect(open).toHaveAttribute('href', 'https://t.me/datacrowd_bot');
  await expect(open).toHaveAttribute('target', '_blank');
  await expect(open).toHaveAttribute('rel', 'noopener');

  // Upper case as it is typed, and what is too short for a code costs no try.
  const code = section.getByLabel('Code from the bot');
  await expect(code).toHaveAttribute('autocomplete', 'one-time-code');
  await code.pressSequentially('7kq2');
  await expect(code).toHaveValue('7KQ2');
  await section.getByRole('button', { name: 'Link' }).click();
  await code.pressSequentially('zz9');
  await expect(code).toHaveValue('7KQ2ZZ');
  expect(site.state.telegramCodes).toEqual([]);
  await section.getByRole('button', { name: 'Link' }).click();
  await expect(code).toHaveAccessibleDescription(/The server says: telegram_code_unknown/);
  await expect(code).toBeFocused();
  await expect(code).toHaveAttribute('aria-invalid', 'true');
  await expect(section.getByRole('alert')).toHaveCount(0);
  await expect(exports).toBeDisabled();

  await code.fill(` ${TELEGRAM_CODE.toLowerCase()} `);
  await code.press('Enter');
  await expect(section.getByText('Your account is linked with a chat with @datacrowd_bot.')).toBeVisible();
  await expect(section.getByRole('heading', { name: 'Telegram' })).toBeFocused();
  expect(site.state.telegramCodes).toEqual(['7KQ2ZZ', TELEGRAM_CODE]);
  await expect(code).toHaveCount(0);
  await expect(section.getByText('To be told in Telegram, link a chat below.')).toHaveCount(0);
  await expect(exports).toBeChecked();
  await exports.uncheck();
  await expect(section.getByText('Saved.')).toBeVisible();
  const kept = () => settingsOf(site.state, clara).topics;
  await expect.poll(() => kept()[0]).toEqual({ topic: 'EXPORTS', inApp: true, email: true, telegram: false });
  expect(kept().filter(({ telegram }) => telegram)).toHaveLength(4);
  await page.reload();
  await expect(exports).toBeEnabled();
  await expect(exports).not.toBeChecked();

  await section.getByRole('button', { name: 'Unlink' }).click();
  await expect(exports).toBeDisabled();
  await expect(code).toHaveValue('');
  expect(site.state.telegramLinks.size).toBe(0);
});

test('too many wrong codes are said in Russian, and without a bot there is nothing of Telegram', async ({
  browser,
  console: site,
}) => {
  const context = await browser.newContext({ locale: 'ru' });
  const page = await context.newPage();
  await site.open(page, 'wanda', '/account');
  const section = page.locator('section').filter({ hasText: 'Язык писем' });
  await expect(section.getByLabel('Допуск к проектам: В консоли')).toBeVisible();
  await expect(section.getByText('Telegram')).toHaveCount(0);

  site.state.telegramBot = '@datacrowd_bot';
  await page.reload();
  const code = section.getByLabel('Код от бота');
  await code.fill('AAAAAA');
  for (let i = 1; i <= 5; i += 1) {
    await code.press('Enter');
    await expect.poll(() => site.state.telegramCodes.length).toBe(i);
    await expect(code).toHaveAccessibleDescription(/бот такого кода не давал/);
  }
  await code.press('Enter');
  await expect(section.getByRole('alert')).toContainText(
    'Слишком много неверных кодов; подождите пять минут',
  );
  await expect(code).toHaveAttribute('aria-invalid', 'false');
  await context.close();
});

test('the link of a mail stops one topic once its button is pressed', async ({ page, console: site }) => {
  const clara = site.state.users.find(({ username }) => username === 'clara')?.id ?? '';
  const isOn = () => settingsOf(site.state, clara).topics[0]?.email;
  await page.goto(`${site.url}/app/unsubscribe/${UNSUBSCRIBE}`);
  await expect(page.getByText('this kind of e-mail')).toBeVisible();
  await page.waitForLoadState('networkidle');
  expect(isOn(), 'nothing happens by the link alone').toBe(true);
  await page.getByRole('button', { name: 'Stop these e-mails' }).click();
  await expect(page.getByText('You get no more e-mail about exports.')).toBeVisible();
  expect(isOn()).toBe(false);
  await expect(page.getByRole('link', { name: 'All settings are in your account.' })).toBeVisible();

  await page.goto(`${site.url}/app/unsubscribe/nobody`);
  await page.getByRole('button', { name: 'Stop these e-mails' }).click();
  await expect(page.getByRole('alert')).toContainText('This link is not valid.');
});
