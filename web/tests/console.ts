/** What every browser test has: the console on a fake API, and a page on which no policy may be broken. */
import { test as base, expect, type Page } from '@playwright/test';
import { FakeApi } from './fake/server.ts';
import type { State } from './fake/state.ts';

export interface Console {
  readonly url: string;
  readonly state: State;
  /** A page of its own for this person, signed in. */
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
        await page.goto(`${url}/app/`);
        await signIn(page, person);
        if (path !== '/') await page.goto(`${url}/app${path}`);
      },
    });
    await context.close();
    await api.stop();
    expect(broken, 'policy violations and errors of the page').toEqual([]);
  },
});

export async function signIn(page: Page, person: string): Promise<void> {
  await page.getByLabel(/Username or e-mail|Имя пользователя или почта/).fill(person);
  await page.getByLabel(/^(Password|Пароль)$/).fill(PASSWORD);
  await page.getByRole('button', { name: /^(Sign in|Войти)$/ }).click();
  await page.getByRole('button', { name: /Sign out|Выйти/ }).waitFor();
}

export { expect };
