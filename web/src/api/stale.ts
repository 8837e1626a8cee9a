/** A live page whose last reading failed: what it knew is shown beside the reason, unless it is not there any more. */
import { Problem } from './problem.ts';

export const problemOf = (error: unknown): Problem | null => (error === null ? null : Problem.from(error));

/** Deleted, or no longer theirs: what was known of it is true no longer. */
export const isGone = (error: unknown): boolean => {
  const status = problemOf(error)?.status ?? 0;
  return status === 403 || status === 404 || status === 410;
};
