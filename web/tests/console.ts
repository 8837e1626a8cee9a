/** What every browser test has: the console on a fake API, and a page on which no policy may be broken. */
import { test as base, expect, type Page } from '@playwright/test';
import { FakeApi } from './fake/server.ts';
import type { State } from './fake/state.ts';

export interface Console {
  readonly url: string;
  readonly state: State;
  /** This page, signed in as this person: with the session of an earlier visit. */
  open(page: Page, person: string, path?: string): Promise<void>;
}

export const PASSWORD = 'correct horse battery';

export const test = base.extend<{ console: Console }>({
  console: async ({ context }, use) => {
    const api = new FakeApi();
    const url = await api.start();
    const broken: string[] = [];
    await context.exposeFunction('reportBroken', (what: string) => broken.push(what));
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        const report = (window as unknown as { reportBroken(what: string): void }).reportBroken;
        report(
          `${event.violatedDirective} ${event.blockedURI} ${event.sourceFile ?? ''}:${event.lineNumber}`,
        );
      });
    });
    context.on('weberror', (error) => broken.push(String(error.error().stack)));
    await use({
      url,
      state: api.state,
      async open(page, person, path = '/') {
        await resume(page, api.state, url, person);
        await page.goto(`${url}/app${path}`);
      },
    });
    // A request that is being answered by a test's own hand may be lost with its page.
    for (const page of context.pages()) await page.unrouteAll({ behavior: 'ignoreErrors' });
    await context.close();
    await api.stop();
    expect(broken, 'policy violations and errors of the page').toEqual([]);
  },
});

/** What an earlier visit left: the cookie, and the mark that there is one. */
async function resume(page: Page, state: State, url: string, person: string): Promise<void> {
  const user = state.users.find((one) => one.username === person);
  if (user === undefined) throw new Error(`nobody is called ${person}`);
  const { refreshToken } = state.session(user);
  const where = { domain: new URL(url).hostname, path: '/api/v1/auth' };
  const flags = { httpOnly: true, secure: true, sameSite: 'Strict' } as const;
  await page.context().addCookies([{ name: 'dc_refresh', value: refreshToken, ...where, ...flags }]);
  await page.goto(`${url}/app/icon.svg`);
  await page.evaluate(() => localStorage.setItem('datacrowd.session', 'open'));
}

export async function signIn(page: Page, person: string): Promise<void> {
  await page.getByLabel(/Username or e-mail|Имя пользователя или почта/).fill(person);
  await page.getByLabel(/^(Password|Пароль)$/).fill(PASSWORD);
  await page.getByRole('button', { name: /^(Sign in|Войти)$/ }).click();
  await page.getByRole('button', { name: /Sign out|Выйти/ }).waitFor();
}

export { expect };
