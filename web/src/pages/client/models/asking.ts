/** Asks what models say of an item, ever more rarely, until all that were asked have said it. Pure. */
import type { Body } from '../../../api/client.ts';
import { Problem } from '../../../api/problem.ts';

export type Item = Body<'ItemBody'>;

const [FIRST, LONGEST] = [400, 5000];

/** Milliseconds before it is asked again, after so many times. */
export const pauseAfter = (times: number): number => Math.min(LONGEST, FIRST * 1.5 ** times);

export interface Asking {
  readonly ask: (signal: AbortSignal) => Promise<Item>;
  /** What was heard, as often as it is. */
  readonly told: (item: Item) => void;
  /** Nothing was heard this time; it is asked again. */
  readonly unheard: (problem: Problem) => void;
  /** Comes back early when it is over. */
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** Milliseconds between two looks at what people say: they take minutes. */
export const PEOPLE_TAKE = 15_000;

/** Whether people may still have their say. */
export const isWithPeople = (item: Item | null): boolean =>
  ['PENDING', 'AWAITING_QUOTA', 'ASKED'].includes(item?.crowd?.state ?? '');

/** Asks until models have said it. Throws the problem that no repetition heals; ends without a word when the signal says so. */
export const follow = (asking: Asking, signal: AbortSignal): Promise<void> =>
  askUntil(asking, signal, ({ state }) => state !== 'QUEUED', pauseAfter);

/** Looks now and then until people have had their say; else as `follow`. */
export const watch = (asking: Asking, signal: AbortSignal): Promise<void> =>
  askUntil(
    asking,
    signal,
    (item) => !isWithPeople(item),
    () => PEOPLE_TAKE,
  );

async function askUntil(
  { ask, told, unheard, wait }: Asking,
  signal: AbortSignal,
  isOver: (item: Item) => boolean,
  pause: (times: number) => number,
): Promise<void> {
  let least = 0;
  for (let times = 0; ; times += 1) {
    await wait(Math.max(pause(times), least), signal);
    if (signal.aborted) return;
    try {
      const item = await ask(signal);
      if (signal.aborted) return;
      told(item);
      if (isOver(item)) return;
      least = 0;
    } catch (thrown) {
      if (signal.aborted) return;
      const problem = Problem.from(thrown);
      if (!problem.isPassing) throw problem;
      least = problem.retryAfter ?? 0;
      unheard(problem);
    }
  }
}

/** A while, and longer while nobody looks at the page. */
export async function waitSeen(milliseconds: number, signal: AbortSignal): Promise<void> {
  await until(signal, (done) => {
    const timer = setTimeout(done, milliseconds);
    return () => clearTimeout(timer);
  });
  while (document.hidden && !signal.aborted)
    await until(signal, (done) => {
      document.addEventListener('visibilitychange', done);
      return () => document.removeEventListener('visibilitychange', done);
    });
}

function until(signal: AbortSignal, begin: (done: () => void) => () => void): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      stop();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const stop = begin(end);
    signal.addEventListener('abort', end);
  });
}
