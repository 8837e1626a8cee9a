import { describe, expect, it } from 'vitest';
import {
  atOnce,
  inFront,
  merge,
  remember,
  spare,
  toClaim,
  withLease,
  without,
  withoutLapsed,
  type Held,
} from './queue.ts';

const held = (id: number, token = `t${id}`, expiresAt = 1000): Held<{ id: number }> => ({
  task: { id },
  lease: { token, expiresAt },
  atLimit: false,
});
const ids = (queue: Held<{ id: number }>[]) => queue.map((one) => one.task.id);

describe('how many to claim', () => {
  const rows: [string, number, number, number, number, number][] = [
    ['enough are held', 4, 0, 0, 4, 0],
    ['none is held', 0, 0, 0, 4, 4],
    ['those on their way are held at the server, too', 2, 3, 0, 4, 7],
    ['those that were refused may be', 2, 0, 3, 4, 7],
    ['ten at most', 0, 9, 0, 4, 10],
    ['with ten on hand and on their way the server would give none', 1, 9, 0, 4, 0],
    ['ten that were refused keep nobody from work', 0, 0, 10, 4, 10],
  ];
  it.each(rows)('%s', (_, have, onTheirWay, refused, want, expected) =>
    expect(toClaim(have, onTheirWay, refused, want)).toBe(expected),
  );
  it('asks for ten at most, and of a reviewer always for some', () => {
    expect([atOnce(2), atOnce(12)]).toEqual([2, 10]);
  });
});

describe('what a claim brings', () => {
  it('goes behind what is here, in its order', () => {
    expect(ids(merge([held(1)], [held(1), held(2), held(3)], new Set()))).toEqual([1, 2, 3]);
  });
  it('leaves out what was answered and is on its way', () => {
    expect(ids(merge([], [held(1), held(2)], new Set([1])))).toEqual([2]);
  });
  it('brings the newer lease of what is here', () => {
    expect(merge([held(1, 'old')], [held(1, 'new')], new Set())[0]?.lease.token).toBe('new');
  });
  it('never moves what is on screen', () => {
    expect(ids(merge([held(5), held(6)], [held(6), held(5), held(7)], new Set()))).toEqual([5, 6, 7]);
  });
});

it('a task that comes back is first, once', () => {
  expect(ids(inFront([held(2), held(3)], held(3, 'again')))).toEqual([3, 2]);
});

it('others may have the last ones, not what was taken back and waits behind the first', () => {
  const queue = [held(1), held(2), held(3), held(4)];
  expect(ids(spare(queue, 2, new Set([1, 3])))).toEqual([4]);
  expect(spare(queue, 4, new Set())).toEqual([]);
});

it('prefetched tasks go when their lease ends; the one on screen stays', () => {
  const queue = [held(1, 'a', 10), held(2, 'b', 10), held(3, 'c', 99)];
  expect(ids(withoutLapsed(queue, 50))).toEqual([1, 3]);
});

it('knows leases by task', () => {
  const queue = withLease([held(1), held(2)], 2, { token: 'x', expiresAt: 7 }, true);
  expect(queue[1]).toEqual({ task: { id: 2 }, lease: { token: 'x', expiresAt: 7 }, atLimit: true });
  expect(ids(without(queue, 1))).toEqual([2]);
});

it('remembers the last ten', () => {
  const history = Array.from({ length: 15 }, (_, i) => i).reduce<number[]>(remember, []);
  expect(history).toEqual([5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
});
