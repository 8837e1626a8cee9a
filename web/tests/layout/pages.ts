import { expect, type Page } from '@playwright/test';
import { UNSUBSCRIBE } from '../fake/notifications.ts';
import { DATASET, MODEL, PREDICTION, PROJECT, WARM_MODEL, WEBHOOK } from '../fake/state.ts';

type Visit = readonly [name: string, who: string | null, path: string, press?: string];

/** Every page with who sees it, in the order of a visit; and what opens on it once something is pressed. */
export const PAGES: readonly Visit[] = [
  ['signin', null, '/'],
  ['register', null, '/register'],
  ['reset', null, '/reset'],
  ['unsubscribe', null, `/unsubscribe/${UNSUBSCRIBE}`],
  ['unsubscribed', null, `/unsubscribe/${UNSUBSCRIBE}`, 'main button'],
  ['unsubscribe-unknown', null, '/unsubscribe/nobody', 'main button'],
  ['work-projects', 'wanda', '/work'],
  ['work', 'wanda', `/work/${PROJECT}`],
  ['review', 'otto', `/review/${PROJECT}`],
  ['review-reject', 'otto', `/review/${PROJECT}`, 'button.danger'],
  ['answers', 'wanda', '/answers'],
  ['points', 'wanda', '/points'],
  ['account', 'wanda', '/account'],
  ['notifications-worker', 'wanda', '/notifications'],
  ['notifications', 'clara', '/notifications'],
  ['client-account', 'clara', '/account'],
  ['client-projects', 'clara', '/client/projects'],
  ['client-new', 'clara', '/client/projects/new'],
  ['client-new-manifest', 'clara', '/client/projects/new', 'main button'],
  ['client-overview', 'clara', `/client/projects/${PROJECT}`],
  ['client-pay', 'clara', `/client/projects/${PROJECT}`, 'main .row:has(> button:only-child) > button'],
  ['client-delete', 'clara', `/client/projects/${PROJECT}`, 'button.danger'],
  ['client-data', 'clara', `/client/projects/${PROJECT}/data`],
  ['client-data-files', 'clara', `/client/projects/${PROJECT}/data`, 'input[value=folder]'],
  ['client-data-bucket', 'clara', `/client/projects/${PROJECT}/data`, 'input[value=bucket]'],
  ['client-dataset', 'clara', `/client/datasets/${DATASET}`],
  ['client-dataset-manifest', 'clara', `/client/datasets/${DATASET}`, 'button:text-is("YAML")'],
  ['client-crowd', 'clara', `/client/projects/${PROJECT}/crowd`],
  ['client-crowd-void', 'clara', `/client/projects/${PROJECT}/crowd`, 'main td button:last-of-type'],
  ['client-models', 'clara', `/client/projects/${PROJECT}/models`],
  ['client-model-new', 'clara', `/client/projects/${PROJECT}/models/new`],
  ['client-model-new-audio', 'clara', `/client/projects/${PROJECT}/models/new`, 'input[value=AUDIO]'],
  ['client-model-new-faults', 'clara', `/client/projects/${PROJECT}/models/new`, 'button[type=submit]'],
  ['client-model-new-manifest', 'clara', `/client/projects/${PROJECT}/models/new`, 'main button'],
  ['client-model', 'clara', `/client/models/${MODEL}`],
  ['client-model-predict', 'clara', `/client/models/${MODEL}`, 'main button.primary'],
  ['client-model-manifest', 'clara', `/client/models/${MODEL}`, 'button:text-is("YAML")'],
  ['client-model-delete', 'clara', `/client/models/${MODEL}`, 'button.danger'],
  ['client-model-warm', 'clara', `/client/models/${WARM_MODEL}`],
  ['client-try', 'clara', `/client/models/${WARM_MODEL}/try`],
  ['client-try-needs', 'clara', `/client/models/${MODEL}/try`],
  ['client-prediction', 'clara', `/client/predictions/${PREDICTION}`],
  ['client-prediction-table', 'clara', `/client/predictions/${PREDICTION}`, 'main summary'],
  ['client-prediction-delete', 'clara', `/client/predictions/${PREDICTION}`, 'button.danger'],
  ['client-numbers', 'clara', `/client/projects/${PROJECT}/numbers`],
  ['client-quality', 'clara', `/client/projects/${PROJECT}/quality`],
  ['client-gold', 'clara', `/client/projects/${PROJECT}/gold`],
  ['client-exports', 'clara', `/client/projects/${PROJECT}/exports`],
  ['client-payments', 'clara', '/client/payments'],
  ['client-webhooks', 'clara', '/client/webhooks'],
  ['client-webhooks-add', 'clara', '/client/webhooks', 'main button.primary'],
  ['client-webhook', 'clara', `/client/webhooks/${WEBHOOK}`],
  ['client-webhook-attempts', 'clara', `/client/webhooks/${WEBHOOK}`, 'main ol button'],
  ['client-webhook-secret', 'clara', `/client/webhooks/${WEBHOOK}`, 'button:text-matches("secret|секрет")'],
  ['client-webhook-manifest', 'clara', `/client/webhooks/${WEBHOOK}`, 'button:text-is("YAML")'],
  ['client-webhook-delete', 'clara', `/client/webhooks/${WEBHOOK}`, 'button.danger'],
  ['admin-notifications', 'ada', '/notifications'],
  ['admin-account', 'ada', '/account'],
  ['admin-users', 'ada', '/admin/users'],
  ['admin-user', 'ada', '/admin/users', 'main td button'],
  ['admin-invitations', 'ada', '/admin/invitations'],
  ['admin-audit', 'ada', '/admin/audit'],
  ['admin-schedules', 'ada', '/admin/schedules'],
];

/** Goes there, and presses what a visit asks for. */
export async function visit(page: Page, app: string, [, , path, press]: Visit): Promise<void> {
  await page.goto(`${app}${path}`);
  // Every page has one once it is built. A slow machine is quiet for longer than "idle" asks before it gets there.
  await page.locator('h1').first().waitFor({ state: 'attached' });
  await expect(page.locator('.busy')).toHaveCount(0);
  await page.waitForLoadState('networkidle');
  if (press === undefined) return;
  // Instructions that open by themselves.
  if ((await page.locator('dialog[open]').count()) > 0) await page.keyboard.press('Escape');
  await page.locator(press).first().click();
}
