import { expect, it } from 'vitest';
import { spanOf } from './hours.ts';

const at = (hour: number) => ({ hour: `2026-11-27T${String(hour).padStart(2, '0')}:00:00Z` });
const seconds = (time: string) => Date.parse(`2026-11-27T${time}:00Z`) / 1000;

it('one hour stands in the middle, not at the edge of an empty day', () => {
  expect(spanOf([at(23)])).toEqual([seconds('22:30'), seconds('23:30')]);
});

it('several are seen whole, in any order', () => {
  expect(spanOf([at(7), at(5), at(8)])).toEqual([seconds('04:30'), seconds('08:30')]);
});
