/** A CSV under other column names: the header is written anew, the rows are sent as they lie on the disk. */
import { delimiterOf } from './preview.ts';

/** Names of the file's columns → names to send. */
export type Names = Readonly<Record<string, string>>;

/** Where the first record ends, its line end not included; null when it does not end in this text. Pure. */
export function endOfHeader(text: string): number | null {
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i];
    if (c === '"') quoted = !quoted;
    else if (!quoted && (c === '\n' || c === '\r')) return i;
  }
  return null;
}

/** A header of these columns; quoted where a name needs it. Pure. */
export function header(columns: readonly string[], delimiter: string): string {
  const needsQuotes = (name: string) => name.includes(delimiter) || /["\r\n]/.test(name);
  return columns
    .map((name) => (needsQuotes(name) ? `"${name.replaceAll('"', '""')}"` : name))
    .join(delimiter);
}

/** Only what is read as text here; what is compressed would have to be unpacked. */
export const canRename = (name: string): boolean => /\.(csv|tsv|txt)$/i.test(name);

const HEAD_BYTES = 512 * 1024;
const BOM = '\uFEFF';

/** Null when the header cannot be told: not in UTF-8, or longer than anybody's. */
export async function renamed(file: File, columns: readonly string[], names: Names): Promise<Blob | null> {
  const head = new TextDecoder('utf-8', { ignoreBOM: true }).decode(
    await file.slice(0, HEAD_BYTES).arrayBuffer(),
  );
  const end = endOfHeader(head);
  if (end === null) return null;
  const old = head.slice(0, end);
  if (old.includes('\uFFFD') || old.includes('\0')) return null;
  const mark = old.startsWith(BOM) ? BOM : '';
  const written = header(
    columns.map((name) => names[name] ?? name),
    delimiterOf(old.slice(mark.length)),
  );
  const rows = file.slice(new TextEncoder().encode(old).length);
  return new Blob([mark + written, rows]);
}
