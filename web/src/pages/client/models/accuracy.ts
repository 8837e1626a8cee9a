/** The confusion matrix of a model and people. */
import type { Body } from '../../../api/client.ts';

export interface Confused {
  /** Of both, in one order for rows and columns. */
  readonly labels: readonly unknown[];
  /** By the model's label, then by people's. */
  readonly counts: readonly (readonly number[])[];
}

/** Every label that one of them gave; labels that never met have 0. */
export function confused(cells: readonly Body<'ComparedLabelsBody'>[]): Confused {
  const known = new Map(
    cells.flatMap(({ predicted, given }) =>
      [predicted, given].map((label): [string, unknown] => [JSON.stringify(label), label]),
    ),
  );
  const keys = [...known.keys()].sort();
  const counts = keys.map((row) =>
    keys.map((column) =>
      cells
        .filter(
          ({ predicted, given }) => JSON.stringify(predicted) === row && JSON.stringify(given) === column,
        )
        .reduce((sum, { items }) => sum + items, 0),
    ),
  );
  return { labels: keys.map((key) => known.get(key)), counts };
}
