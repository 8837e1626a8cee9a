import type { Area } from './i18n/catalogue.ts';
import { loadArea } from './i18n/index.ts';
import type { ClientPage } from './pages/client.ts';
import type { Route } from './router.svelte.ts';

/** A page together with the texts it shows: neither waits for the other to be asked for. */
const page =
  <T>(load: () => Promise<T>, ...areas: Area[]): (() => Promise<T>) =>
  async () => {
    const [loaded] = await Promise.all([load(), ...areas.map(loadArea)]);
    return loaded;
  };

const client = (name: ClientPage): Route['load'] =>
  page<Awaited<ReturnType<Route['load']>>>(
    async () => (await import('./pages/client.ts')).clientPages[name](),
    'client',
    'states',
    'wizard',
  );
const OWNERS = ['CLIENT', 'ADMIN'] as const;

/** Shown where there is no session, whatever the address. */
export const signInPage = page(() => import('./pages/account/SignIn.svelte'), 'account');

/** Every page there is; one that is not here is not linked either. */
export const routes: readonly Route[] = [
  {
    pattern: '/register',
    title: (t) => t.titles.register,
    open: true,
    load: page(() => import('./pages/account/Register.svelte'), 'account'),
  },
  {
    pattern: '/reset',
    title: (t) => t.titles.reset,
    open: true,
    load: page(() => import('./pages/account/Reset.svelte'), 'account'),
  },
  {
    pattern: '/account',
    title: (t) => t.nav.account,
    load: page(() => import('./pages/account/Account.svelte'), 'account', 'states', 'notifications'),
  },
  {
    pattern: '/notifications',
    title: (t) => t.nav.notifications,
    load: page(() => import('./pages/notifications/Notifications.svelte'), 'notifications'),
  },
  {
    pattern: '/unsubscribe/:token',
    title: (t) => t.titles.unsubscribe,
    open: true,
    load: page(() => import('./pages/notifications/Unsubscribe.svelte'), 'notifications'),
  },
  {
    pattern: '/work',
    title: (t) => t.nav.work,
    roles: ['WORKER'],
    load: page(() => import('./pages/worker/Projects.svelte'), 'worker'),
  },
  {
    pattern: '/work/:project',
    title: (t) => t.titles.tasks,
    roles: ['WORKER'],
    load: () => import('./pages/worker/Work.svelte'),
  },
  {
    pattern: '/review/:project',
    title: (t) => t.titles.review,
    roles: ['WORKER'],
    load: page(() => import('./pages/worker/Review.svelte'), 'worker', 'states', 'keys'),
  },
  {
    pattern: '/answers',
    title: (t) => t.nav.answers,
    roles: ['WORKER'],
    load: page(() => import('./pages/worker/Answers.svelte'), 'worker', 'states'),
  },
  {
    pattern: '/points',
    title: (t) => t.nav.points,
    roles: ['WORKER'],
    load: page(() => import('./pages/worker/Points.svelte'), 'worker'),
  },
  {
    pattern: '/client/projects',
    title: (t) => t.nav.projects,
    roles: OWNERS,
    load: client('Projects'),
  },
  {
    pattern: '/client/projects/new',
    title: (t) => t.titles.newProject,
    roles: ['CLIENT'],
    load: client('Wizard'),
  },
  {
    pattern: '/client/projects/:id',
    title: (t) => t.tabs.overview,
    roles: OWNERS,
    load: client('Project'),
  },
  {
    pattern: '/client/projects/:id/:tab',
    title: (t, { tab }) => (t.tabs as Record<string, string>)[tab ?? ''] ?? t.tabs.overview,
    roles: OWNERS,
    load: client('Project'),
  },
  {
    pattern: '/client/projects/:id/models/new',
    title: (t) => t.titles.newModel,
    roles: OWNERS,
    load: client('NewModel'),
  },
  {
    pattern: '/client/datasets/:id',
    title: (t) => t.titles.dataset,
    roles: OWNERS,
    load: client('Dataset'),
  },
  {
    pattern: '/client/models/:id',
    title: (t) => t.titles.model,
    roles: OWNERS,
    load: client('Model'),
  },
  {
    pattern: '/client/models/:id/try',
    title: (t) => t.titles.tryit,
    roles: OWNERS,
    load: client('TryIt'),
  },
  {
    pattern: '/client/predictions/:id',
    title: (t) => t.titles.prediction,
    roles: OWNERS,
    load: client('Prediction'),
  },
  {
    pattern: '/client/payments',
    title: (t) => t.nav.payments,
    roles: OWNERS,
    load: client('Payments'),
  },
  {
    pattern: '/client/payments/:id',
    title: (t) => t.titles.payment,
    roles: OWNERS,
    load: client('Payment'),
  },
  {
    pattern: '/client/webhooks',
    title: (t) => t.nav.webhooks,
    roles: OWNERS,
    load: client('Webhooks'),
  },
  {
    pattern: '/client/webhooks/:id',
    title: (t) => t.titles.webhook,
    roles: OWNERS,
    load: client('Webhook'),
  },
  {
    pattern: '/admin/users',
    title: (t) => t.nav.users,
    roles: ['ADMIN'],
    load: page(() => import('./pages/admin/Users.svelte'), 'admin', 'account', 'states'),
  },
  {
    pattern: '/admin/invitations',
    title: (t) => t.nav.invitations,
    roles: ['ADMIN'],
    load: page(() => import('./pages/admin/Invitations.svelte'), 'admin', 'account', 'states'),
  },
  {
    pattern: '/admin/schedules',
    title: (t) => t.nav.schedules,
    roles: ['ADMIN'],
    load: page(() => import('./pages/admin/Schedules.svelte'), 'admin', 'states'),
  },
  {
    pattern: '/admin/audit',
    title: (t) => t.nav.audit,
    roles: ['ADMIN'],
    load: page(() => import('./pages/admin/Audit.svelte'), 'admin'),
  },
];

/** Where each role begins. */
export const HOME = { WORKER: '/work', CLIENT: '/client/projects', ADMIN: '/admin/users' } as const;
