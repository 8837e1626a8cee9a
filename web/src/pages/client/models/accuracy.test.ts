import { expect, test } from 'vitest';
import { confused } from './accuracy.ts';

test('rows and columns are the labels of both, also those that one of them never gave', () => {
  const found = confused([
    { predicted: true, given: true, items: 5 },
    { predicted: true, given: false, items: 2 },
  ]);
  expect(found.labels).toEqual([false, true]);
  expect(found.counts).toEqual([
    [0, 0],
    [2, 5],
  ]);
  expect(confused([])).toEqual({ labels: [], counts: [] });
});
