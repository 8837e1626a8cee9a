/** Which cells of a task are shown, and how. Pure. */
import type { Body } from '../api/client.ts';
import { Digits } from '../api/json.ts';

export type MediaCommand = 'zoomIn' | 'zoomOut' | 'zoomFit' | 'seekBack' | 'seekOn' | 'play';

export interface Shown {
  readonly column: string;
  readonly kind: string;
  readonly value: unknown;
}

/** The project's columns, the main one first; every column where it names none. */
export function shownCells(
  labeling: Body<'LabelingBody'>,
  cells: Readonly<Record<string, unknown>>,
): Shown[] {
  const display = labeling.display ?? [];
  if (display.length > 0)
    return display.map(({ column, kind }) => ({ column, kind, value: cells[column] ?? null }));
  return Object.entries(cells).map(([column, value]) => ({
    column,
    kind: isTree(value) ? 'JSON' : 'TEXT',
    value,
  }));
}

const isTree = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !(value instanceof Digits);

export const textOf = (value: unknown): string =>
  value === null || value === undefined ? '' : isTree(value) ? JSON.stringify(value, null, 2) : String(value);

/** A cell of a CSV may hold JSON as text. */
export function treeOf(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
