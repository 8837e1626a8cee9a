/** Which projects a worker is shown first. Pure. */
import type { WorkProject } from './service.ts';

type Counted = Pick<WorkProject, 'progress'>;

const totalOf = ({ progress }: Counted): number => progress.open + progress.done;

/** Every task has its decision; one without tasks has not begun. */
export const isFinished = (project: Counted): boolean => project.progress.open === 0 && totalOf(project) > 0;

/** Open tasks that I have not answered yet, as far as the counts tell; then those where reviews may wait; finished ones last. */
function rank(project: Counted): number {
  if (isFinished(project)) return 3;
  if (totalOf(project) === 0) return 2;
  return project.progress.mine < totalOf(project) ? 0 : 1;
}

/** Those of one rank stay in the server's order: nothing moves under the hand while answers come in. */
export const byWork = <T extends Counted>(projects: readonly T[]): T[] =>
  [...projects].sort((a, b) => rank(a) - rank(b));
