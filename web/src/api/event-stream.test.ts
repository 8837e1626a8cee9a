import { describe, expect, test } from 'vitest';
import { backOff, EventParser } from './event-stream.ts';

const parse = (...chunks: string[]) => {
  const parser = new EventParser();
  return chunks.flatMap((chunk) => parser.push(chunk));
};

describe('events out of text', () => {
  test('however the text is cut', () => {
    const text = ': hello\r\nid: 7\r\ndata: {"a":\r\ndata: 1}\r\n\r\ndata:b\n\n';
    const whole = [
      { id: '7', data: '{"a":\n1}' },
      { id: '7', data: 'b' },
    ];
    expect(parse(text)).toEqual(whole);
    expect(parse(...text)).toEqual(whole);
    for (let at = 0; at <= text.length; at += 1)
      expect(parse(text.slice(0, at), text.slice(at))).toEqual(whole);
  });

  test('comments, ids alone and what is not whole tell nothing', () => {
    expect(parse(': keep\n\n', 'id: 3\n\n', 'data: half\n')).toEqual([]);
    expect(parse('id: 3\n\n', 'data: x\r\r')).toEqual([{ id: '3', data: 'x' }]);
  });
});

test('waits from 1 s to 30 s, between half and all of it', () => {
  expect([0, 1, 4, 5, 50].map((tries) => backOff(tries, 1))).toEqual([1000, 2000, 16_000, 30_000, 30_000]);
  expect(backOff(0, 0)).toBe(500);
});
