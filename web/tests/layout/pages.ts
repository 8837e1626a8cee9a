/** Every page with who sees it; the order is that of a visit. */
import { DATASET, PROJECT } from '../fake/state.ts';

export const PAGES = [
  ['signin', null, '/'],
  ['register', null, '/register'],
  ['reset', null, '/reset'],
  ['work-projects', 'wanda', '/work'],
  ['work', 'wanda', `/work/${PROJECT}`],
  ['review', 'otto', `/review/${PROJECT}`],
  ['answers', 'wanda', '/answers'],
  ['points', 'wanda', '/points'],
  ['account', 'wanda', '/account'],
  ['client-projects', 'clara', '/client/projects'],
  ['client-new', 'clara', '/client/projects/new'],
  ['client-overview', 'clara', `/client/projects/${PROJECT}`],
  ['client-data', 'clara', `/client/projects/${PROJECT}/data`],
  ['client-dataset', 'clara', `/client/datasets/${DATASET}`],
  ['client-crowd', 'clara', `/client/projects/${PROJECT}/crowd`],
  ['client-numbers', 'clara', `/client/projects/${PROJECT}/numbers`],
  ['client-quality', 'clara', `/client/projects/${PROJECT}/quality`],
  ['client-exports', 'clara', `/client/projects/${PROJECT}/exports`],
  ['client-payments', 'clara', '/client/payments'],
  ['admin-users', 'ada', '/admin/users'],
  ['admin-invitations', 'ada', '/admin/invitations'],
  ['admin-audit', 'ada', '/admin/audit'],
] as const;
