/** Pages of clients by name. Apart from the other routes: a worker loads neither these nor the list of their files. */
import type { Route } from '../router.svelte.ts';

export const clientPages = {
  Projects: () => import('./client/Projects.svelte'),
  Wizard: () => import('./client/Wizard.svelte'),
  Project: () => import('./client/Project.svelte'),
  NewModel: () => import('./client/NewModel.svelte'),
  Dataset: () => import('./client/Dataset.svelte'),
  Model: () => import('./client/Model.svelte'),
  TryIt: () => import('./client/TryIt.svelte'),
  Prediction: () => import('./client/Prediction.svelte'),
  Webhooks: () => import('./client/Webhooks.svelte'),
  Webhook: () => import('./client/Webhook.svelte'),
  Payments: () => import('./client/Payments.svelte'),
  Payment: () => import('./client/Payment.svelte'),
} satisfies Record<string, Route['load']>;
export type ClientPage = keyof typeof clientPages;
