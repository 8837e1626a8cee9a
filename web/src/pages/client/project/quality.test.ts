import { describe, expect, it } from 'vitest';
import { choices, shares, shownValue, tally } from './quality.ts';

const labeling = (field: object, consensus: object | null) =>
  ({ fields: [{ name: 'rating', ...field }], consensus }) as never;

describe('what an owner may decide', () => {
  it('is an option of the field with the consensus', () => {
    const form = { type: 'SINGLE_CHOICE', options: ['-1', '1'] };
    expect(choices(labeling(form, { field: 'rating' }))).toEqual(['-1', '1']);
  });
  it('is true or false', () => {
    expect(choices(labeling({ type: 'BOOLEAN' }, { field: 'rating' }))).toEqual([true, false]);
  });
  it('is nothing without a consensus', () => {
    expect(choices(labeling({ type: 'BOOLEAN' }, null))).toEqual([]);
    expect(choices(null)).toEqual([]);
  });
});

describe('numbers', () => {
  it('share a row, which may be empty', () => {
    expect(shares([1, 3])).toEqual([0.25, 0.75]);
    expect(shares([0, 0])).toEqual([0, 0]);
  });
  it('count answers, the most frequent first, and leave out who gave none', () => {
    const said = ['0', '1', '1', null].map((rating) => ({ answer: { rating } }) as never);
    expect(tally(said, 'rating')).toEqual([
      { value: '1', count: 2 },
      { value: '0', count: 1 },
    ]);
  });
  it('show values as people write them', () => {
    expect([shownValue('a b'), shownValue(true)]).toEqual(['a b', 'true']);
  });
});
