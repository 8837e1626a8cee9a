/** The tasks that are held, the first on screen; and those that were answered, for taking back. Pure. */
import type { Lease } from './lease.ts';

export interface Held<Task> {
  readonly task: Task;
  readonly lease: Lease;
  /** The server gives no more time. */
  readonly atLimit: boolean;
}

interface Identified {
  readonly id: number;
}

/** The API takes so many at once. */
const MOST_PER_CLAIM = 10;
/** Answers that U can take back, the last first. */
const REMEMBERED = 10;

/** As many of these as one claim may ask for. */
export const atOnce = (count: number): number => Math.min(MOST_PER_CLAIM, count);

/**
 * How many to ask for; 0 when enough are held, or the server would give none. A claim returns first what is held already.
 * Answers on their way still hold theirs at the server; those that were refused may.
 */
export function toClaim(held: number, onTheirWay: number, refused: number, want: number): number {
  const count = atOnce(want + onTheirWay + refused);
  return held >= want || count <= held + onTheirWay ? 0 : count;
}

/** What a claim brought, behind what is here. Answered ones are left out; leases of held ones are taken over. */
export function merge<T extends Identified>(
  queue: readonly Held<T>[],
  claimed: readonly Held<T>[],
  answered: ReadonlySet<number>,
): Held<T>[] {
  const fresh = new Map(claimed.map((held) => [held.task.id, held]));
  const kept = queue.map((held) => fresh.get(held.task.id) ?? held);
  const known = new Set([...answered, ...kept.map((held) => held.task.id)]);
  return [...kept, ...claimed.filter((held) => !known.has(held.task.id))];
}

/** What others may have: beyond `want`, and never on screen here; what was, may have something typed. */
export const spare = <T extends Identified>(
  queue: readonly Held<T>[],
  want: number,
  seen: ReadonlySet<number>,
): Held<T>[] => queue.slice(want).filter((held) => !seen.has(held.task.id));

export const without = <T extends Identified>(queue: readonly Held<T>[], id: number): Held<T>[] =>
  queue.filter((held) => held.task.id !== id);

/** A task that came back: on screen at once, what was there is next. */
export const inFront = <T extends Identified>(queue: readonly Held<T>[], back: Held<T>): Held<T>[] => [
  back,
  ...without(queue, back.task.id),
];

export const withLease = <T extends Identified>(
  queue: readonly Held<T>[],
  id: number,
  lease: Lease,
  atLimit: boolean,
): Held<T>[] => queue.map((held) => (held.task.id === id ? { ...held, lease, atLimit } : held));

/** Prefetched tasks whose lease ended go; the one on screen stays, its text is somebody's work. */
export const withoutLapsed = <T extends Identified>(queue: readonly Held<T>[], now: number): Held<T>[] =>
  queue.filter((held, i) => i === 0 || held.lease.expiresAt > now);

export const remember = <E>(history: readonly E[], entry: E): E[] => [...history, entry].slice(-REMEMBERED);
