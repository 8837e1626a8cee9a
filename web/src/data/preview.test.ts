import { describe, expect, it } from 'vitest';
import { cellsOf, delimiterOf, previewOf, records } from './preview.ts';

describe('records of a CSV', () => {
  const rows: [string, string, string[][]][] = [
    [
      'plain',
      'a,b\n1,2\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'Windows line ends',
      'a,b\r\n1,2\r\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    ['quotes hold delimiters and line ends', '"a,1","b\n2"\n', [['a,1', 'b\n2']]],
    ['doubled quotes', '"say ""hi"""\n', [['say "hi"']]],
    ['empty cells', 'a,,c\n', [['a', '', 'c']]],
    ['blank lines are none', 'a\n\nb\n', [['a'], ['b']]],
    ['a cut last line is left out', 'a,b\n1,', [['a', 'b']]],
  ];
  it.each(rows)('%s', (_, text, expected) => expect(records(text, ',', 10)).toEqual(expected));
});

it('the delimiter is what the first line has most of', () => {
  expect(['a;b;c,d\n', 'a\tb\n', '"a,b,c";d\n', 'one\n'].map(delimiterOf)).toEqual([';', '\t', ';', ',']);
});

it('JSON Lines have the columns of all their rows', () => {
  const text = '{"a":1,"b":{"c":2}}\n{"a":"x","d":null}\n{"cut';
  const preview = previewOf('x.jsonl', text, 20);
  expect(preview).toEqual({
    columns: ['a', 'b', 'd'],
    rows: [
      ['1', '{"c":2}', ''],
      ['x', '', ''],
    ],
  });
  expect(cellsOf(preview, 1)).toEqual({ a: 'x', b: '', d: '' });
});

it('a byte order mark is no part of a name, and rows end at the limit', () => {
  expect(previewOf('x.csv', '\uFEFFa,b\n1,2\n3,4\n5,6\n', 2)).toEqual({
    columns: ['a', 'b'],
    rows: [
      ['1', '2'],
      ['3', '4'],
    ],
  });
});
