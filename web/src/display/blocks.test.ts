import { expect, it } from 'vitest';
import { blocks } from './blocks.ts';

const types = (text: string) => blocks(text).flatMap(({ type }) => (type === 'space' ? [] : [type]));

it('reads what people write', () => {
  expect(
    types('# Rate\n\n> a\n> > b\n\n- one\n  - two\n\n----------------------------------------\n'),
  ).toEqual(['heading', 'blockquote', 'list', 'hr']);
});

it.each([
  ['quotes in quotes', '>'.repeat(20_000)],
  ['quotes with spaces', `${'> '.repeat(2000)}x`],
  ['lists in lists of one line', `${'+ '.repeat(2000)}x`],
  ['lists in lists', Array.from({ length: 400 }, (_, i) => `${' '.repeat(2 * i)}- a`).join('\n')],
])('leaves %s as the text that it is', (_, text) => {
  const [only, ...more] = blocks(text);
  expect(more).toEqual([]);
  expect(only).toMatchObject({ type: 'paragraph', raw: text });
});
