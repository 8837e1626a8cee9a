/** What U takes back: the answers given since the page was opened, and what is known of each. Pure. */
import type { Values } from '../fields/kind.ts';
import type { Held } from './queue.ts';
import type { Task } from './service.ts';

export interface Answered {
  readonly entryId: string;
  readonly held: Held<Task>;
  readonly values: Values;
  readonly kind: 'submit' | 'skip';
  readonly answerId: number | null;
  readonly status: string | null;
  /** The server refused to give it back. */
  readonly stays: boolean;
}

export const learned = (
  history: readonly Answered[],
  entryId: string,
  news: Partial<Answered>,
): readonly Answered[] => history.map((one) => (one.entryId === entryId ? { ...one, ...news } : one));

/** Whether the last answer is still in the outbox, or arrived and waits for its review. */
export function canTakeBack(
  history: readonly Answered[],
  outbox: readonly { readonly id: string }[],
): boolean {
  const last = history.at(-1);
  if (last === undefined || last.stays) return false;
  if (outbox.some((entry) => entry.id === last.entryId)) return true;
  return last.answerId !== null && last.status !== 'APPROVED';
}
