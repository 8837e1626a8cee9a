import { describe, expect, it } from 'vitest';
import { binOf, BINS, foremost, numberSpread, spreads } from './bins.ts';

const item = (label: unknown, probabilities: Record<string, number>) => ({
  label,
  probability: probabilities[String(label)] ?? 0,
  probabilities,
});

describe('bins', () => {
  it('begin with their tenth and hold both ends', () => {
    expect([0, 0.0999, 0.1, 0.3, 0.7, 0.9, 1].map(binOf)).toEqual([0, 0, 1, 3, 7, 9, 9]);
    // 0.1 + 0.2 and 0.1 × 3 lie on either side of 0.3.
    expect(binOf(0.1 + 0.2)).toBe(3);
    expect(binOf(1.0000001)).toBe(BINS - 1);
    expect(binOf(-0.0000001)).toBe(0);
  });

  it('count every item once for each label, in the order of the file', () => {
    const items = [
      item('good', { bad: 0.05, good: 0.95 }),
      item('good', { bad: 0.38, good: 0.62 }),
      item('bad', { bad: 1, good: 0 }),
    ];
    const [good, bad] = spreads(items, ['good', 'bad']);
    expect(good).toEqual({ label: 'good', chosen: 2, counts: [1, 0, 0, 0, 0, 0, 1, 0, 0, 1] });
    expect(bad).toEqual({ label: 'bad', chosen: 1, counts: [1, 0, 0, 1, 0, 0, 0, 0, 0, 1] });
  });

  it('know yes and no, labels that nobody got, and labels that nobody named', () => {
    const all = spreads([item(true, { false: 0.2, true: 0.8 })], ['true', 'never']);
    expect(all.map(({ label, chosen }) => [label, chosen])).toEqual([
      ['true', 1],
      ['never', 0],
      ['false', 0],
    ]);
    expect(spreads([], [])).toEqual([]);
  });

  it('of numbers lie between the least and the greatest', () => {
    const { least, most, counts } = numberSpread([-5, -4.1, 0, 5, 5]);
    expect([least, most]).toEqual([-5, 5]);
    expect(counts).toEqual([2, 0, 0, 0, 0, 1, 0, 0, 0, 2]);
    expect(numberSpread([7, 7]).counts[0]).toBe(2);
  });

  it('leave out the labels that fewest items got where there are many', () => {
    const all = ['a', 'b', 'c'].map((label, i) => ({ label, chosen: [2, 0, 5][i] ?? 0, counts: [] }));
    expect(foremost(all, 2).map(({ label }) => label)).toEqual(['a', 'c']);
    expect(foremost(all, 3)).toBe(all);
  });
});
