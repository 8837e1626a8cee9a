/** The first rows of a local file, before anything is sent. What the server reads decides; this is for people's eyes. Pure. */

export interface Preview {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const DELIMITERS = [',', ';', '\t', '|'] as const;

/** The delimiter that the first line has most of, outside quotes. */
export function delimiterOf(text: string): string {
  const line = (text.split('\n', 1)[0] ?? '').replace(/"[^"]*"/g, '');
  const counts = DELIMITERS.map((one) => [one, line.split(one).length] as const);
  return counts.reduce((best, one) => (one[1] > best[1] ? one : best))[0];
}

/** Records of a CSV: quotes hold delimiters, line ends and doubled quotes. Blank lines are none. */
export function records(text: string, delimiter: string, most: number): string[][] {
  const found: string[][] = [];
  let [record, cell, quoted]: [string[], string, boolean] = [[], '', false];
  const endRecord = () => {
    record.push(cell);
    if (record.length > 1 || record[0] !== '') found.push(record);
    [record, cell] = [[], ''];
  };
  for (let i = 0; i < text.length && found.length < most; i += 1) {
    const c = text[i] ?? '';
    if (quoted) {
      if (c !== '"') cell += c;
      else if (text[i + 1] === '"') [cell, i] = [`${cell}"`, i + 1];
      else quoted = false;
    } else if (c === '"' && cell === '') quoted = true;
    else if (c === delimiter) [record, cell] = [[...record, cell], ''];
    else if (c === '\n') endRecord();
    else if (c !== '\r') cell += c;
  }
  // What follows the last line end may be cut in its middle; whoever reads a whole file ends it with one.
  return found;
}

function ofCsv(text: string, most: number): Preview {
  const [columns = [], ...rows] = records(text, delimiterOf(text), most + 1);
  return { columns, rows };
}

const shown = (value: unknown): string =>
  value === null || value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);

function ofJsonLines(text: string, most: number): Preview {
  const objects: Record<string, unknown>[] = [];
  for (const line of text.split('\n')) {
    if (objects.length >= most) break;
    try {
      const value: unknown = JSON.parse(line);
      if (typeof value === 'object' && value !== null) objects.push(value as Record<string, unknown>);
    } catch {
      // A blank or a cut line; the server names those that are wrong.
    }
  }
  const columns = [...new Set(objects.flatMap(Object.keys))];
  return { columns, rows: objects.map((object) => columns.map((column) => shown(object[column]))) };
}

/** `name` tells the format, as it does to the server. */
export function previewOf(name: string, text: string, most: number): Preview {
  const clean = text.replace(/^\uFEFF/, '');
  return /\.(jsonl|ndjson)(\.gz)?$/i.test(name) ? ofJsonLines(clean, most) : ofCsv(clean, most);
}

/** Cells by column, of the n-th row. */
export function cellsOf(preview: Preview, n: number): Record<string, string> {
  const row = preview.rows[n] ?? [];
  return Object.fromEntries(preview.columns.map((column, i) => [column, row[i] ?? '']));
}
