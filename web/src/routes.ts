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
    open: true,
    load: page(() => import('./pages/account/Register.svelte'), 'account'),
  },
  { pattern: '/reset', open: true, load: page(() => import('./pages/account/Reset.svelte'), 'account') },
  { pattern: '/account', load: page(() => import('./pages/account/Account.svelte'), 'account', 'states') },
  {
    pattern: '/work',
    roles: ['WORKER'],
    load: page(() => import('./pages/worker/Projects.svelte'), 'worker'),
  },
  { pattern: '/work/:project', roles: ['WORKER'], load: () => import('./pages/worker/Work.svelte') },
  {
    pattern: '/review/:project',
    roles: ['WORKER'],
    load: page(() => import('./pages/worker/Review.svelte'), 'worker', 'states', 'keys'),
  },
  {
    pattern: '/answers',
    roles: ['WORKER'],
    load: page(() => import('./pages/worker/Answers.svelte'), 'worker', 'states'),
  },
  {
    pattern: '/points',
    roles: ['WORKER'],
    load: page(() => import('./pages/worker/Points.svelte'), 'worker'),
  },
  {
    pattern: '/client/projects',
    roles: OWNERS,
    load: client('Projects'),
  },
  {
    pattern: '/client/projects/new',
    roles: ['CLIENT'],
    load: client('Wizard'),
  },
  {
    pattern: '/client/projects/:id',
    roles: OWNERS,
    load: client('Project'),
  },
  {
    pattern: '/client/projects/:id/:tab',
    roles: OWNERS,
    load: client('Project'),
  },
  {
    pattern: '/client/projects/:id/models/new',
    roles: OWNERS,
    load: client('NewModel'),
  },
  {
    pattern: '/client/datasets/:id',
    roles: OWNERS,
    load: client('Dataset'),
  },
  {
    pattern: '/client/models/:id',
    roles: OWNERS,
    load: client('Model'),
  },
  {
    pattern: '/client/predictions/:id',
    roles: OWNERS,
    load: client('Prediction'),
  },
  {
    pattern: '/client/payments',
    roles: OWNERS,
    load: client('Payments'),
  },
  {
    pattern: '/client/payments/:id',
    roles: OWNERS,
    load: client('Payment'),
  },
  {
    pattern: '/admin/users',
    roles: ['ADMIN'],
    load: page(() => import('./pages/admin/Users.svelte'), 'admin', 'account', 'states'),
  },
  {
    pattern: '/admin/invitations',
    roles: ['ADMIN'],
    load: page(() => import('./pages/admin/Invitations.svelte'), 'admin', 'account', 'states'),
  },
  {
    pattern: '/admin/audit',
    roles: ['ADMIN'],
    load: page(() => import('./pages/admin/Audit.svelte'), 'admin'),
  },
];

/** Where each role begins. */
export const HOME = { WORKER: '/work', CLIENT: '/client/projects', ADMIN: '/admin/users' } as const;
