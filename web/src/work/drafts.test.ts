import { describe, expect, it } from 'vitest';
import type { Values } from '../fields/kind.ts';
import { fitting, isEmpty, isOld, type Draft } from './drafts.ts';

const draft = (values: Values, savedAt = 0): Draft => ({
  user: 'wanda',
  taskId: 1,
  labelingVersion: 1,
  values,
  savedAt,
});

describe('a draft is empty', () => {
  const rows: [string, Values, boolean][] = [
    ['with nothing', {}, true],
    ['with nothing in any field', { a: null, b: '', c: [] }, true],
    ['not with a text', { a: 'x' }, false],
    ['not with a choice', { a: null, c: ['x'] }, false],
    ['not with a no', { a: false }, false],
  ];
  it.each(rows)('%s', (_, values, expected) => expect(isEmpty(values)).toBe(expected));
});

describe("what of a draft fits today's form", () => {
  const empty: Values = { choice: null, tags: [], note: '' };
  const rows: [string, Values, Values][] = [
    ['all of it', { choice: 'a', tags: ['x'], note: 'hm' }, { choice: 'a', tags: ['x'], note: 'hm' }],
    ['not a question that is gone', { former: 'a', note: 'hm' }, { choice: null, tags: [], note: 'hm' }],
    ['not one that is answered another way now', { tags: 'a', note: ['x'] }, empty],
    ['a yes or no is a choice', { choice: true }, { choice: true, tags: [], note: '' }],
  ];
  it.each(rows)('%s', (_, values, expected) => expect(fitting(draft(values), empty)).toEqual(expected));
});

it('is old after a month', () => {
  const month = 30 * 24 * 3_600_000;
  expect([isOld(draft({}, 0), month), isOld(draft({}, 0), month + 1)]).toEqual([false, true]);
});
