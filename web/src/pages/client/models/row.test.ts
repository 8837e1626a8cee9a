import { describe, expect, it } from 'vitest';
import { Row, rowOf } from './row.ts';

describe('a row', () => {
  it('keeps the digits that were typed, in the order of the columns', () => {
    const row = rowOf(['amount', 'age'], { age: ' 31 ', amount: '12345678901234567,10' });
    if (!(row instanceof Row)) throw new Error('it is one');
    expect(row.body('d1')).toBe('{"inbox":"d1","columns":{"amount":12345678901234567.10,"age":31}}');
    expect(row.name).toBe('amount 12345678901234567.10, age 31');
  });

  it('names its columns as JSON does', () => {
    expect(new Row([['a"b\\', '1']]).body('d')).toBe('{"inbox":"d","columns":{"a\\"b\\\\":1}}');
  });

  it('is called by its first cells', () => {
    expect(new Row('abcdef'.split('').map((name) => [name, '0'])).name).toBe('a 0, b 0, c 0, d 0, …');
  });

  it('is none while a column holds no number', () => {
    expect(rowOf(['a', 'b', 'c'], { a: '1', b: 'x' })).toEqual(['b', 'c']);
  });
});
