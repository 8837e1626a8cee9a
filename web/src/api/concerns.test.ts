import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Calm, concerned, type Key } from './concerns.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const of = (type: string, data = {}) => concerned('p', JSON.stringify({ type, data }));

test('an event concerns what shows it', () => {
  expect(of('io.datacrowd.dataset.ready.v1', { datasetId: 'd' })).toEqual([
    ['datasets', 'p'],
    ['project', 'p'],
    ['dataset', 'd'],
  ]);
  expect(of('io.datacrowd.export.ready.v1')).toEqual([['exports', 'p']]);
  expect(of('io.datacrowd.model.ready.v1')).toContainEqual(['model']);
  expect(of('io.datacrowd.constructor.ready.v1')).toEqual([]);
  expect(concerned('p', 'no JSON')).toEqual([]);
  expect(concerned('p', 'null')).toEqual([]);
});

test('the first at once, the others once a second, however many', async () => {
  const rounds: Key[][] = [];
  const calm = new Calm((keys) => Promise.resolve(rounds.push(keys)));
  for (let i = 0; i < 100; i += 1) calm.add([['project', 'p']]);
  expect(rounds).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(999);
  expect(rounds).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(rounds).toEqual([[['project', 'p']], [['project', 'p']]]);
  await vi.advanceTimersByTimeAsync(5000);
  expect(rounds).toHaveLength(2);
});

test('what is held back is fetched when it is let go', async () => {
  let isHeld = true;
  const fetch = vi.fn(() => Promise.resolve());
  const calm = new Calm(fetch, () => isHeld);
  calm.add([['project', 'p']]);
  await vi.advanceTimersByTimeAsync(5000);
  expect(fetch).not.toHaveBeenCalled();
  isHeld = false;
  void calm.go();
  expect(fetch).toHaveBeenCalledTimes(1);
});
