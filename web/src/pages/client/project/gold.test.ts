import { describe, expect, it } from 'vitest';
import { goldMembers, mixOf, shownCell, shownExpected } from './gold.ts';

describe('gold', () => {
  it('is mixed in by two numbers, and not at all without any', () => {
    expect(mixOf('', ' ')).toBeNull();
    expect(mixOf('0', '')).toBeNull();
    expect(mixOf('5', '20')).toEqual({ onboarding: 5, every: 20 });
    expect(mixOf('', '20')).toEqual({ every: 20 });
  });

  it('is shown by its main column', () => {
    const item = { payload: { id: 'g1', text: 'Good.' }, rowNo: 3 };
    const labeling = { display: [{ column: 'text', kind: 'TEXT' }], fields: [] };
    expect(shownCell(labeling, item)).toBe('Good.');
    expect(shownCell(null, item)).toBe('g1');
    expect(shownCell(labeling, { payload: {}, rowNo: 3 })).toBe('3');
  });

  it('names fields where several are known', () => {
    expect(shownExpected({ rating: 'good' })).toBe('good');
    expect(shownExpected({ rating: 'good', sure: true })).toBe('rating: good, sure: true');
  });

  it('is sent with the columns that say what is right', () => {
    expect(goldMembers('', { rating: 'expected' }, 'why')).toEqual({});
    expect(goldMembers('GOLD', { rating: 'expected', note: '' }, '')).toEqual({
      purpose: 'GOLD',
      goldColumns: '{"rating":"expected"}',
    });
    expect(goldMembers('GOLD', { rating: 'expected' }, 'why')).toHaveProperty('explainColumn', 'why');
  });
});
