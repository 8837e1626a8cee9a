import type { Problem } from '../api/problem.ts';
import { t } from './index.ts';

/** A problem in the person's language: by its code, else as the server says it. */
export function problemText(problem: Problem): string {
  const known = (t.problems as Record<string, string | undefined>)[problem.code];
  const wait =
    problem.retryAfter === null ? '' : ` ${t.common.inSeconds(Math.ceil(problem.retryAfter / 1000))}`;
  return (known ?? problem.message) + wait;
}
