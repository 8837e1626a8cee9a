import { expect, it } from 'vitest';
import { pieces } from './chunks.ts';

it.each([
  ['a short text', 'short'],
  ['lines', 'a line of words\n'.repeat(20_000)],
  ['one line', 'x'.repeat(300_000)],
  ['emoji', '😀'.repeat(20_000)],
])('%s in pieces is the text', (_, text) => {
  const cut = pieces(text);
  expect(cut.join('')).toBe(text);
  expect(Math.max(...cut.map((piece) => piece.length))).toBeLessThanOrEqual(6000);
  for (const piece of cut) expect(piece).not.toMatch(/^[\uDC00-\uDFFF]/);
});
