import { describe, expect, it } from 'vitest';
import { Digits } from '../api/json.ts';
import {
  answerText,
  chosen,
  emptyValues,
  faults,
  keyed,
  neighbour,
  unknownFields,
  valuesOf,
} from './form.ts';
import type { Field, Values } from './kind.ts';

const fields: Field[] = [
  { name: 'rating', type: 'SINGLE_CHOICE', options: ['bad', 'good'], required: true },
  { name: 'tags', type: 'MULTI_CHOICE', options: ['a', 'b', 'c'] },
  { name: 'note', type: 'TEXT', maxLength: 5 },
  { name: 'score', type: 'NUMBER', minimum: '-0.5', maximum: 10 },
  { name: 'sure', type: 'BOOLEAN' },
];
const empty = emptyValues(fields);

describe('what is wrong', () => {
  const rows: [string, Values, string[]][] = [
    ['nothing', { rating: 'good' }, []],
    ['a required choice is missing', {}, ['rating']],
    ['a choice that is none', { rating: 'other' }, ['rating']],
    ['a text that is too long', { rating: 'good', note: '123456' }, ['note']],
    ['characters are code points', { rating: 'good', note: '😀😀😀😀😀' }, []],
    ['no number', { rating: 'good', score: '1x' }, ['score']],
    ['a number below', { rating: 'good', score: '-0.50000000000000000001' }, ['score']],
    ['a number at the bound', { rating: 'good', score: '-0.5' }, []],
    ['a comma is a point', { rating: 'good', score: '9,5' }, []],
    ['an exponent above', { rating: 'good', score: '1e300' }, ['score']],
  ];
  it.each(rows)('%s', (_, values, expected) => {
    expect(Object.keys(faults(fields, { ...empty, ...values }))).toEqual(expected);
  });

  it('blanks are no answer to a required text', () => {
    const required: Field[] = [{ name: 'note', type: 'TEXT', required: true }];
    expect(faults(required, { note: '  ' })).toEqual({ note: { what: 'required' } });
  });
});

describe('an answer', () => {
  it('leaves out what was not answered', () => {
    expect(answerText(fields, { ...empty, rating: 'good' })).toBe('{"rating":"good"}');
  });
  it('keeps the digits of a number', () => {
    const text = answerText(fields, {
      ...empty,
      rating: 'good',
      score: '0,1000000000000000000001',
      sure: false,
    });
    expect(text).toBe('{"rating":"good","score":0.1000000000000000000001,"sure":false}');
  });
  it('comes back as it was entered', () => {
    const raw = { rating: 'bad', tags: ['c'], score: new Digits('1.10'), sure: true };
    expect(valuesOf(fields, raw)).toEqual({
      rating: 'bad',
      tags: ['c'],
      note: '',
      score: '1.10',
      sure: true,
    });
  });
});

describe('a key answers', () => {
  const rows: [string, Values, string | null, string | null, string | null][] = [
    ['the first open question', {}, null, null, 'rating'],
    ['the next one then, if it takes several', { rating: 'good' }, null, 'rating', 'tags'],
    ['the next one after a text box', { rating: 'good', tags: ['a'], note: 'x' }, null, 'note', 'sure'],
    ['what was left out, when all after it is answered', { sure: true }, null, 'sure', 'rating'],
    ['several options of one question', { rating: 'good', tags: ['a'] }, null, 'tags', 'tags'],
    ['the one with the focus', { rating: 'good' }, 'rating', null, 'rating'],
    ['the last one when all are answered', { rating: 'good', tags: ['a'], sure: true }, null, 'sure', 'sure'],
    ['an open list when all else is answered', { rating: 'good', sure: true }, null, 'sure', 'tags'],
    ['no text box', {}, 'note', null, 'rating'],
  ];
  it.each(rows)('%s', (_, values, focused, last, expected) => {
    expect(keyed(fields, { ...empty, ...values }, focused, last)?.name).toBe(expected);
  });

  it('the next question after one that was passed over, not that one again', () => {
    const five: Field[] = [
      ...['q1', 'q2', 'q3'].map((name) => ({ name, type: 'MULTI_CHOICE', options: ['a', 'b'] })),
      { name: 'q4', type: 'SINGLE_CHOICE', options: ['a', 'b'], required: true },
      { name: 'q5', type: 'BOOLEAN', required: true },
    ];
    const none = emptyValues(five);
    expect(keyed(five, none, null, null)?.name).toBe('q1');
    expect(keyed(five, { ...none, q4: 'a' }, null, 'q4')?.name).toBe('q5');
    expect(keyed(five, { ...none, q4: 'a', q5: true }, null, 'q5')?.name).toBe('q1');
  });

  it('in a ring', () => {
    const named = (name: string) => fields.find((field) => field.name === name) ?? null;
    expect(neighbour(fields, named('rating'), 1)?.name).toBe('tags');
    expect(neighbour(fields, named('rating'), -1)?.name).toBe('sure');
  });

  it('and takes back where no answer is needed', () => {
    const [rating, tags, , , sure] = fields as [Field, Field, Field, Field, Field];
    expect(chosen(rating, 'good', 1)).toBe('good');
    expect(chosen(tags, ['a', 'c'], 1)).toEqual(['a', 'b', 'c']);
    expect(chosen(tags, ['a', 'c'], 0)).toEqual(['c']);
    expect(chosen(sure, true, 0)).toBeNull();
    expect(chosen(rating, null, 7)).toBeNull();
  });
});

it('a type of a newer server is named', () => {
  const newer: Field = { name: 'box', type: 'BOXES' };
  expect(unknownFields([...fields, newer])).toEqual([newer]);
});
