import { describe, expect, it } from 'vitest';
import { likeliest, outline, peaks, stretchAt, stretches } from './windows.ts';

const window = (startSeconds: number, endSeconds: number, synthetic: number) => ({
  startSeconds,
  endSeconds,
  probabilities: { human: 1 - synthetic, synthetic },
});

describe('a band over time', () => {
  const windows = [window(0, 2, 0.9), window(1, 3, 0.3), window(1.5, 3.5, 0.8)];

  it('has each window where it is nearer than its neighbours, without a gap', () => {
    const all = stretches(windows, 'synthetic', 3.5);
    expect(all.map(({ from, to }) => [from, to])).toEqual([
      [0, 1.5],
      [1.5, 2.25],
      [2.25, 3.5],
    ]);
    expect(all.map(({ height, agrees }) => [height, agrees])).toEqual([
      [0.9, true],
      [0.3, false],
      [0.8, true],
    ]);
  });

  it('ends where the recording ends, which may be before its only window does', () => {
    expect(stretches([window(0, 2, 0.9)], 'synthetic', 0.7)).toMatchObject([{ from: 0, to: 0.7 }]);
    expect(stretches([], 'synthetic', 1)).toEqual([]);
  });

  it('is asked what is said at a moment', () => {
    const all = stretches(windows, 'synthetic', 3.5);
    expect([0, 1.49, 1.5, 3.4, 9].map((at) => stretchAt(all, at)?.height)).toEqual([0.9, 0.9, 0.3, 0.8, 0.8]);
    expect(stretchAt([], 0)).toBeUndefined();
  });

  it('draws numbers between the least and the greatest, 0 among them', () => {
    const number = (at: number, value: number) => ({ startSeconds: at, endSeconds: at + 1, value });
    const of = (...values: number[]) =>
      stretches(
        values.map((value, at) => number(at, value)),
        '',
        values.length,
      ).map(({ height, value, agrees }) => [height, value, agrees]);
    expect(of(1, 4)).toEqual([
      [0.25, 1, true],
      [1, 4, true],
    ]);
    expect(of(-1, 3).map(([height]) => height)).toEqual([0, 1]);
    expect(of(0, 0).map(([height]) => height)).toEqual([0, 0]);
  });

  it('knows the likeliest label of a window', () => {
    expect(likeliest(window(0, 1, 0.3))).toEqual(['human', 0.7]);
  });
});

describe('a waveform', () => {
  it('has the loudest of each part, the loudest of all at its full height', () => {
    const samples = new Float32Array([0.1, -0.25, 0.5, 0, 0, 0.125]);
    expect(peaks(samples, 3)).toEqual([0.5, 1, 0.25]);
    expect(peaks(new Float32Array([0.5]), 3)).toEqual([1, 1, 1]);
    expect(peaks(new Float32Array(4), 2)).toEqual([0, 0]);
  });

  it('is drawn around its middle, silence as a thin line', () => {
    expect(outline([1, 0], 10, 20, 15)).toBe('M2.5 5v30M7.5 19.5v1');
  });
});
