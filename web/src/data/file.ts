/** The beginning of a file on this machine. */
import { previewOf, type Preview } from './preview.ts';

export const PREVIEW_ROWS = 20;
const HEAD_BYTES = 512 * 1024;

async function head(file: File): Promise<{ bytes: Uint8Array; isWhole: boolean }> {
  if (!/\.gz$/i.test(file.name)) {
    const bytes = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
    return { bytes, isWhole: file.size <= HEAD_BYTES };
  }
  const reader = file.stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  while (size < HEAD_BYTES) {
    const { value, done } = await reader.read();
    if (done) return { bytes: joined(parts), isWhole: true };
    parts.push(value);
    size += value.length;
  }
  await reader.cancel();
  return { bytes: joined(parts), isWhole: false };
}

const joined = (parts: readonly Uint8Array[]): Uint8Array => {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};

const encodingOf = ([a, b]: Uint8Array): string =>
  a === 0xff && b === 0xfe ? 'utf-16le' : a === 0xfe && b === 0xff ? 'utf-16be' : 'utf-8';

/** Whether anything can be shown of it here; others are read by the server alone. */
export const isReadable = (name: string): boolean => /\.(csv|tsv|txt|jsonl|ndjson)(\.gz)?$/i.test(name);

export async function preview(file: File): Promise<Preview> {
  const { bytes, isWhole } = await head(file);
  const text = new TextDecoder(encodingOf(bytes)).decode(bytes);
  return previewOf(file.name, isWhole ? `${text}\n` : text, PREVIEW_ROWS);
}
