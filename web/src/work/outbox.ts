/**
 * Answers on their way to the server: what is sent when, and what an answer of the server makes of an entry. Pure;
 * `sender.ts` does what is decided here, `store.ts` keeps it.
 */
import type { Problem } from '../api/problem.ts';

/** What a reviewer says of an answer. */
export type Decision = 'approve' | 'reject';

export interface Entry {
  readonly id: string;
  /** Whose it is: it is never sent for anybody else. */
  readonly user: string;
  readonly kind: 'submit' | 'skip' | Decision;
  readonly taskId: number;
  readonly projectId: string;
  /** Of an answer or a skip. */
  readonly leaseToken: string;
  /** What a decision is about. */
  readonly answerId?: number;
  /** The answer as JSON text, so that numbers keep their digits; of a skip the reason, of a decision the comment. */
  readonly body: string;
  readonly activeMillis: number;
  readonly createdAt: number;
  readonly attempts: number;
  /** Not before, in milliseconds of this machine's clock. */
  readonly nextAt: number;
  readonly state: 'waiting' | 'refused';
  /** How often the task was taken again for it. */
  readonly relocks: number;
  /** Why it is refused: code, sentence, and what is wrong with which field. */
  readonly refusal?: {
    readonly code: string;
    readonly message: string;
    readonly details?: Readonly<Record<string, unknown>>;
  };
}

export type Sent =
  { outcome: 'done'; answerId: number | null; status: string } | { outcome: 'failed'; problem: Problem };

export type Verdict =
  | { then: 'remove' }
  /** Take the task again and send under the new lease. */
  | { then: 'relock' }
  | { then: 'keep'; entry: Entry };

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;
/** Whatever the server asks for. */
const FARTHEST = 600_000;
/** Two losses of a lease within one sending are not bad luck. */
const MOST_RELOCKS = 2;

export const newEntry = (
  entry: Omit<Entry, 'attempts' | 'nextAt' | 'state' | 'relocks' | 'createdAt'>,
  now: number,
): Entry => ({ ...entry, createdAt: now, attempts: 0, nextAt: 0, state: 'waiting', relocks: 0 });

/** Milliseconds yet; an end that nothing sets so far ahead is of a clock that was put back since. */
const rest = ({ nextAt }: Entry, now: number): number =>
  nextAt - now > FARTHEST ? 0 : Math.max(0, nextAt - now);

/** What to send now: the person's own, due, one per task, the oldest first. */
export function due(
  entries: readonly Entry[],
  user: string,
  inFlight: ReadonlySet<number>,
  now: number,
): Entry[] {
  const taken = new Set(inFlight);
  return [...entries]
    .sort((a, b) => a.createdAt - b.createdAt)
    .filter((entry) => {
      if (entry.user !== user || entry.state !== 'waiting' || rest(entry, now) > 0 || taken.has(entry.taskId))
        return false;
      taken.add(entry.taskId);
      return true;
    });
}

/** Milliseconds until something is due; null when nothing waits. */
export function pause(entries: readonly Entry[], user: string, now: number): number | null {
  const waiting = entries.filter((entry) => entry.user === user && entry.state === 'waiting');
  return waiting.length === 0 ? null : Math.min(...waiting.map((entry) => rest(entry, now)));
}

/** Refusals that say that an answer is decided, taken back or voided. */
const DECIDED: ReadonlySet<string> = new Set(['already_decided', 'already_reviewed', 'not_found']);

export const isDecision = (entry: Entry): boolean => entry.kind === 'approve' || entry.kind === 'reject';

/** Someone pressed "try again", or the network came back. */
export const atOnce = (entry: Entry): Entry => ({ ...entry, nextAt: 0 });
export const again = ({ refusal: _refusal, ...entry }: Entry): Entry => ({
  ...entry,
  state: 'waiting',
  nextAt: 0,
  attempts: 0,
  relocks: 0,
});
export const underLease = (entry: Entry, leaseToken: string): Entry => ({
  ...entry,
  leaseToken,
  relocks: entry.relocks + 1,
  nextAt: 0,
});

/** What follows from what the server said. */
export function verdict(entry: Entry, sent: Sent, now: number): Verdict {
  if (sent.outcome === 'done') return { then: 'remove' };
  const { problem } = sent;
  if (problem.isPassing) return { then: 'keep', entry: later(entry, problem.retryAfter, now) };
  // The session is over: it waits for its person, however long that takes.
  if (problem.status === 401) return { then: 'keep', entry: later(entry, LONGEST_PAUSE, now) };
  const gone = problem.code === 'lease_lost' || problem.code === 'not_found';
  // A skip whose lease is gone has what it wanted: the task is no longer here.
  if (entry.kind === 'skip' && gone) return { then: 'remove' };
  // Others decided meanwhile, or this decision arrived and only its answer was lost: nothing is left to decide.
  if (isDecision(entry) && DECIDED.has(problem.code)) return { then: 'remove' };
  if (problem.code === 'lease_lost' && entry.relocks < MOST_RELOCKS) return { then: 'relock' };
  return { then: 'keep', entry: refused(entry, problem) };
}

/** What follows when the task could not be taken again. */
export function relockVerdict(entry: Entry, problem: Problem, now: number): Entry {
  return problem.isPassing || problem.status === 401
    ? later(entry, problem.retryAfter, now)
    : refused(entry, problem);
}

const refused = (entry: Entry, problem: Problem): Entry => ({
  ...entry,
  state: 'refused',
  refusal: { code: problem.code, message: problem.message, details: problem.details },
});

function later(entry: Entry, retryAfter: number | null, now: number): Entry {
  const own = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(entry.attempts, 10));
  return {
    ...entry,
    attempts: entry.attempts + 1,
    nextAt: now + Math.min(FARTHEST, Math.max(own, retryAfter ?? 0)),
  };
}
