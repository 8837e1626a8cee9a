import { defineConfig } from '@playwright/test';

/** scripts/with-chromium finds one, and says where by CHROMIUM; without it, Debian's. Playwright downloads none. */
const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium-headless-shell';

export default defineConfig({
  testDir: 'tests',
  testMatch: '**/*.spec.ts',
  // A test has its own server and its own browser context.
  fullyParallel: true,
  workers: Number(process.env['CONSOLE_WORKERS'] ?? 2),
  // For machines that build beside it: waiting costs only where something fails.
  timeout: 180_000,
  expect: { timeout: 30_000 },
  // What a test that passed put there is gone with it.
  preserveOutput: 'failures-only',
  reporter: 'list',
  use: {
    viewport: { width: 1280, height: 800 },
    // Only its own sandbox is in the way of root in a container.
    launchOptions: { executablePath, args: ['--no-sandbox'] },
  },
});
