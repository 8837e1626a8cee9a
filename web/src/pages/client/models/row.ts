/** A row of columns that a model is tried on. Pure. */
import { plain } from '../../../fields/decimal.ts';

/** Cells that a title names. */
const NAMED = 4;

export type Cells = readonly (readonly [column: string, number: string])[];

export class Row {
  /** Columns with their numbers as JSON writes them. */
  constructor(readonly cells: Cells) {}

  /** What it is called: its first cells. */
  get name(): string {
    const named = this.cells.slice(0, NAMED).map(([column, number]) => `${column} ${number}`);
    return named.join(', ') + (this.cells.length > NAMED ? ', …' : '');
  }

  /** The request's body. Numbers stand as they were typed, for a double would round them. */
  body(inbox: string): string {
    const cells = this.cells.map(([column, number]) => `${JSON.stringify(column)}:${number}`);
    return `{"inbox":${JSON.stringify(inbox)},"columns":{${cells.join(',')}}}`;
  }
}

/** The row of what was typed, or the columns that hold no number. */
export function rowOf(columns: readonly string[], typed: Readonly<Record<string, string>>): Row | string[] {
  const cells = columns.map((column) => [column, plain(typed[column] ?? '')] as const);
  const wrong = cells.filter(([, number]) => number === null).map(([column]) => column);
  return wrong.length > 0 ? wrong : new Row(cells.map(([column, number]) => [column, number ?? '']));
}
