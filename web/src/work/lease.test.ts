import { describe, expect, it } from 'vitest';
import { isActive, isDue, isOver, reachedLimit, secondsLeft, wanted } from './lease.ts';

const NOW = 10_000_000;
const lease = (left: number) => ({ token: 't', expiresAt: NOW + left * 1000 });

describe('a lease is renewed', () => {
  const rows: [string, number, number, number, boolean, boolean][] = [
    ['not while more than half is left', 301, 600, 0, false, false],
    ['from half on', 300, 600, 0, false, true],
    ['while its holder was active within two minutes', 200, 600, 119_000, false, true],
    ['not for somebody who went away', 200, 600, 121_000, false, false],
    ['not when it is over', 0, 600, 0, false, false],
    ['not when the server gives no more', 100, 600, 0, true, false],
    ['a short one as well', 2, 5, 0, false, true],
  ];
  it.each(rows)('%s', (_, left, lockSeconds, idle, atLimit, expected) => {
    expect(isDue(lease(left), lockSeconds, NOW - idle, NOW, atLimit)).toBe(expected);
  });
});

it('three are prefetched where a lease lasts a minute, one below', () => {
  expect([5, 59, 60, 600].map(wanted)).toEqual([2, 2, 4, 4]);
});

it('is over at its end, and shows no seconds below zero', () => {
  expect([isOver(lease(0.001), NOW), isOver(lease(0), NOW)]).toEqual([false, true]);
  expect([secondsLeft(lease(1.2), NOW), secondsLeft(lease(-5), NOW)]).toEqual([2, 0]);
});

it('an end that did not move is the last one', () => {
  expect([reachedLimit(lease(5), lease(5)), reachedLimit(lease(5), lease(600))]).toEqual([true, false]);
});

it('somebody who did nothing for two minutes is away', () => {
  expect([isActive(NOW - 119_999, NOW), isActive(NOW - 120_000, NOW)]).toEqual([true, false]);
});
