import { describe, expect, it } from 'vitest';
import { compare, plain } from './decimal.ts';

describe('a number as JSON writes it', () => {
  const rows: [string, string | null][] = [
    ['1', '1'],
    ['007', '7'],
    ['+3', '3'],
    ['-0', '0'],
    ['.5', '0.5'],
    ['5.', '5'],
    ['1,50', '1.50'],
    ['-0.00', '0.00'],
    ['1e3', '1000'],
    ['12e-3', '0.012'],
    ['1.5E+1', '15'],
    ['0.1000000000000000000001', '0.1000000000000000000001'],
    ['', null],
    ['.', null],
    ['-', null],
    ['1e999999999', null],
    ['0x10', null],
    ['1 000', null],
    ['Infinity', null],
    ['١', null],
  ];
  it.each(rows)('%s → %s', (text, expected) => expect(plain(text)).toBe(expected));
});

describe('two numbers', () => {
  const rows: [string, string, number][] = [
    ['1', '1.0', 0],
    ['-0', '0', 0],
    ['2', '10', -1],
    ['-2', '-10', 1],
    ['-1', '1', -1],
    ['1e2', '99.9', 1],
    ['9007199254740993', '9007199254740992', 1],
    ['0.1', '0.10000000000000000001', -1],
  ];
  it.each(rows)('%s and %s', (a, b, expected) => expect(Math.sign(compare(a, b))).toBe(expected));
});
