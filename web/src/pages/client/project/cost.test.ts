import { expect, it } from 'vitest';
import { firstAt, judgementsFor } from './cost.ts';

const cost = (confidence: number, answersPerTask = 1) => ({ confidence, answersPerTask, sure: 1 });

it('judgements are whole, and enough', () => {
  expect(judgementsFor(cost(0.9, 2.31), '1000')).toBe(2310);
  expect(judgementsFor(cost(0.9, 2.311), ' 10 ')).toBe(24);
  expect(judgementsFor(cost(0.9, 2.3), '')).toBeNull();
  expect(judgementsFor(cost(0.9, 2.3), '1.5')).toBeNull();
});

it('begins at nine tenths', () => {
  expect(firstAt([cost(0.8), cost(0.9), cost(0.95)])).toBe(1);
  expect(firstAt([cost(0.95)])).toBe(0);
});
