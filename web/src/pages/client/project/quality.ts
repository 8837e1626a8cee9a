/** What the quality page says of numbers, and what an owner may decide. */
import type { Body } from '../../../api/client.ts';

type Labeling = Body<'LabelingBody'>;

/** A value of a field as people read it. */
export const shownValue = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value);

/** What an owner may say of a task: the options of the field with the consensus, none where there is none. */
export function choices(labeling: Labeling | null | undefined): unknown[] {
  const name = labeling?.consensus?.field;
  const field = labeling?.fields.find((one) => one.name === name);
  if (field === undefined) return [];
  return field.type === 'BOOLEAN' ? [true, false] : (field.options ?? []);
}

/** How strong a cell of a confusion matrix is shown: its share of the row, 0 to 1. */
export function shares(row: readonly number[]): number[] {
  const sum = row.reduce((all, count) => all + count, 0);
  return row.map((count) => (sum === 0 ? 0 : count / sum));
}

/** How often each value was given in a field, the most frequent first; ties in the order of the answers. */
export function tally(
  answers: readonly Pick<Body<'GivenAnswerBody'>, 'answer'>[],
  field: string,
): { value: unknown; count: number }[] {
  const counts = new Map<string, { value: unknown; count: number }>();
  for (const { answer } of answers) {
    const value = (answer as Record<string, unknown>)[field];
    if (value === undefined || value === null) continue;
    const key = JSON.stringify(value);
    const seen = counts.get(key) ?? { value, count: 0 };
    counts.set(key, { value, count: seen.count + 1 });
  }
  return [...counts.values()].sort((one, other) => other.count - one.count);
}
