import { loadMoreTexts } from './i18n/index.ts';
import type { Route } from './router.svelte.ts';

/** Texts and page together, one after the other in neither. */
const withTexts =
  <T>(load: () => Promise<T>): (() => Promise<T>) =>
  async () => {
    const [page] = await Promise.all([load(), loadMoreTexts()]);
    return page;
  };

/** Shown where there is no session, whatever the address. */
export const signInPage = withTexts(() => import('./pages/account/SignIn.svelte'));

/** Every page there is; one that is not here is not linked either. */
export const routes: readonly Route[] = [
  { pattern: '/register', open: true, load: withTexts(() => import('./pages/account/Register.svelte')) },
  { pattern: '/reset', open: true, load: withTexts(() => import('./pages/account/Reset.svelte')) },
  { pattern: '/account', load: withTexts(() => import('./pages/account/Account.svelte')) },
  { pattern: '/work', roles: ['WORKER'], load: () => import('./pages/worker/Projects.svelte') },
  { pattern: '/work/:project', roles: ['WORKER'], load: () => import('./pages/worker/Work.svelte') },
  { pattern: '/review/:project', roles: ['WORKER'], load: () => import('./pages/worker/Review.svelte') },
  { pattern: '/answers', roles: ['WORKER'], load: () => import('./pages/worker/Answers.svelte') },
  { pattern: '/points', roles: ['WORKER'], load: () => import('./pages/worker/Points.svelte') },
  {
    pattern: '/client/projects',
    roles: ['CLIENT', 'ADMIN'],
    load: withTexts(() => import('./pages/client/Projects.svelte')),
  },
  {
    pattern: '/client/projects/new',
    roles: ['CLIENT'],
    load: withTexts(() => import('./pages/client/Wizard.svelte')),
  },
  {
    pattern: '/client/projects/:id',
    roles: ['CLIENT', 'ADMIN'],
    load: withTexts(() => import('./pages/client/Project.svelte')),
  },
  {
    pattern: '/client/projects/:id/:tab',
    roles: ['CLIENT', 'ADMIN'],
    load: withTexts(() => import('./pages/client/Project.svelte')),
  },
  {
    pattern: '/client/datasets/:id',
    roles: ['CLIENT', 'ADMIN'],
    load: withTexts(() => import('./pages/client/Dataset.svelte')),
  },
  {
    pattern: '/client/payments',
    roles: ['CLIENT', 'ADMIN'],
    load: withTexts(() => import('./pages/client/Payments.svelte')),
  },
  {
    pattern: '/client/payments/:id',
    roles: ['CLIENT', 'ADMIN'],
    load: withTexts(() => import('./pages/client/Payment.svelte')),
  },
  { pattern: '/admin/users', roles: ['ADMIN'], load: withTexts(() => import('./pages/admin/Users.svelte')) },
  { pattern: '/admin/audit', roles: ['ADMIN'], load: withTexts(() => import('./pages/admin/Audit.svelte')) },
];

/** Where each role begins. */
export const HOME = { WORKER: '/work', CLIENT: '/client/projects', ADMIN: '/admin/users' } as const;
