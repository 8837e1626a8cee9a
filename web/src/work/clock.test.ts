import { expect, it } from 'vitest';
import { elapsed, resumed, started, stopped, touched } from './clock.ts';

it('counts while the page is seen', () => {
  const watch = resumed(stopped(started(0), 5000), 60_000);
  expect(elapsed(watch, 62_000)).toBe(7000);
});

it('counts a minute of thinking, and no longer silence', () => {
  expect(elapsed(started(0), 59_000)).toBe(59_000);
  expect(elapsed(started(0), 3_600_000)).toBe(60_000);
  expect(elapsed(touched(started(0), 3_600_000), 3_601_000)).toBe(61_000);
});

it('a key within the minute goes on counting', () => {
  expect(elapsed(touched(started(0), 50_000), 100_000)).toBe(100_000);
});

it('stops once and begins once', () => {
  const watch = stopped(stopped(started(0), 1000), 9000);
  expect(elapsed(resumed(resumed(watch, 10_000), 11_000), 12_000)).toBe(3000);
});
