/** Sends many files, some at once; what fails for the moment is tried again, and what fails for good stops nothing else. */
import { Problem } from '../api/problem.ts';

export interface Transfer {
  readonly name: string;
  readonly size: number;
  sent: number;
  state: 'waiting' | 'sending' | 'done' | 'failed';
  problem: Problem | null;
}

export interface Manner {
  /** Files that are under way at once. */
  readonly atOnce: number;
  /** Milliseconds before each further try. */
  readonly pauses: readonly number[];
  readonly wait: (milliseconds: number) => Promise<void>;
  readonly isOver: () => boolean;
}

export const MANNER: Omit<Manner, 'isOver'> = {
  atOnce: 3,
  pauses: [500, 2000, 5000, 15_000],
  wait: (milliseconds) => new Promise((done) => setTimeout(done, milliseconds)),
};

/** Sends whatever is not done, and comes back when nothing more can be. */
export async function sendAll<T extends Transfer>(
  all: readonly T[],
  put: (one: T) => Promise<unknown>,
  changed: () => void,
  manner: Manner,
): Promise<void> {
  const queue = all.filter((one) => one.state !== 'done');
  for (const one of queue) Object.assign(one, { state: 'waiting', sent: 0, problem: null });
  let next = 0;
  const work = async () => {
    for (;;) {
      const one = queue[next++];
      if (one === undefined || manner.isOver()) return;
      await sendOne(one, put, changed, manner);
    }
  };
  await Promise.all(Array.from({ length: manner.atOnce }, work));
}

async function sendOne<T extends Transfer>(
  one: T,
  put: (one: T) => Promise<unknown>,
  changed: () => void,
  manner: Manner,
): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    one.state = 'sending';
    one.sent = 0;
    changed();
    try {
      await put(one);
      one.state = 'done';
      one.sent = one.size;
      return changed();
    } catch (thrown) {
      const problem = Problem.from(thrown);
      const pause = manner.pauses[tries];
      // A token that ended while the file was under way is renewed by the next try.
      const isPassing = problem.isPassing || problem.status === 401;
      if (!isPassing || pause === undefined || manner.isOver()) {
        one.state = 'failed';
        one.problem = problem;
        return changed();
      }
      await manner.wait(Math.max(pause, problem.retryAfter ?? 0));
    }
  }
}
