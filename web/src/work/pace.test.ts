import { describe, expect, it } from 'vitest';
import { answered, claimed, depth, isPaused, unknown, type Pace } from './pace.ts';

/** Answers so many milliseconds apart, the last at `at`. */
const every = (gap: number, count: number, trip: number, at = 100_000): Pace =>
  Array.from({ length: count }, (_, i) => at - gap * (count - 1 - i)).reduce(answered, { ...unknown, trip });

describe('how many tasks to hold', () => {
  const rows: [string, Pace, number, number][] = [
    ['nothing was measured', unknown, 4, 4],
    ['one a second, a quick network', every(1000, 8, 50), 4, 4],
    ['one a second, claims of three seconds: six are answered in two of them', every(1000, 8, 3000), 4, 7],
    ['ten a second, claims of 300 ms', every(100, 8, 300), 4, 7],
    ['ten at most, as the API has it', every(10, 8, 300), 4, 10],
    ['all in one millisecond', every(0, 8, 300), 4, 10],
    ['three answers say nothing yet', every(10, 3, 300), 4, 4],
    ['one every eleven seconds', every(11_000, 8, 5000), 4, 4],
    ['a short lease begins with two', every(1000, 8, 50), 2, 2],
  ];
  it.each(rows)('%s', (_, pace, fewest, expected) => expect(depth(pace, fewest, 100_000)).toBe(expected));

  it('is the fewest after a pause', () => {
    const pace = every(10, 8, 300);
    expect(depth(pace, 4, 110_000)).toBe(10);
    expect(depth(pace, 4, 110_001)).toBe(4);
  });
  it('knows the pace after a pause, not the pause', () => {
    const pace = [200_000, 200_100, 200_200, 200_300].reduce(answered, every(10, 8, 300));
    expect(depth(pace, 4, 200_300)).toBe(7);
  });
});

it('a pause begins ten seconds after an answer, and not before the first', () => {
  expect(isPaused(unknown, 100_000)).toBe(false);
  expect(isPaused(every(10, 8, 300), 110_000)).toBe(false);
  expect(isPaused(every(10, 8, 300), 110_001)).toBe(true);
});

it('a slow claim counts at once and is forgotten slowly', () => {
  const slow = claimed(claimed(unknown, 50), 1000);
  expect(slow.trip).toBe(1000);
  expect(claimed(slow, 0).trip).toBe(800);
});
