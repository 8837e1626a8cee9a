/** What was typed and not yet sent, by person and task. Pure; `store.ts` keeps it. */
import type { Values } from '../fields/kind.ts';

export interface Draft {
  readonly user: string;
  readonly taskId: number;
  readonly labelingVersion: number;
  readonly values: Values;
  readonly savedAt: number;
}

/** Drafts of tasks that never came back are of no use to anybody after a month. */
const KEPT_FOR = 30 * 24 * 3_600_000;

const isTyped = (value: Values[string]): boolean =>
  Array.isArray(value) ? value.length > 0 : value !== null && value !== '';

/** Whether there is anything worth keeping. */
export const isEmpty = (values: Values): boolean => !Object.values(values).some(isTyped);

export const isOld = (draft: Draft, now: number): boolean => now - draft.savedAt > KEPT_FOR;

/** The draft's values that the form of today still asks for; a form of another version may have renamed them. */
export function fitting(draft: Draft, empty: Values): Values {
  const values: Record<string, Values[string]> = { ...empty };
  for (const [name, blank] of Object.entries(empty)) {
    const typed = draft.values[name];
    if (typed !== undefined && sameShape(typed, blank)) values[name] = typed;
  }
  return values;
}

function sameShape(typed: Values[string], blank: Values[string]): boolean {
  if (Array.isArray(blank)) return Array.isArray(typed);
  if (typeof blank === 'string') return typeof typed === 'string';
  return !Array.isArray(typed);
}

/** Which of two drafts of one task is shown: the later one. */
export function later(a: Draft | undefined, b: Draft | undefined): Draft | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.savedAt >= b.savedAt ? a : b;
}
