import type { Problem } from '../api/problem.ts';
import { t } from './index.ts';

/** A problem in the person's language: by its code, else as the server says it. */
export function problemText(problem: Problem): string {
  const known = (t.problems as Record<string, string | undefined>)[problem.code];
  const wait =
    problem.retryAfter === null ? '' : ` ${t.common.inSeconds(Math.ceil(problem.retryAfter / 1000))}`;
  return (known === undefined ? problem.message : known + said(problem)) + wait;
}

/** What only the server knows: a rule of the cluster has its own sentence where no member of the request is at fault. */
const said = (problem: Problem): string =>
  problem.code === 'invalid_spec' && Object.keys(problem.details).length === 0 ? ` ${problem.message}` : '';
