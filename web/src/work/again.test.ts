import { expect, test } from 'vitest';
import { again } from './again.ts';

test('what is asked for while it runs follows once, and nothing runs beside it', async () => {
  const ends: (() => void)[] = [];
  const ask = again(() => new Promise<void>((end) => ends.push(end)));
  const first = ask();
  await Promise.all([ask(), ask()]);
  expect(ends).toHaveLength(1);
  ends[0]?.();
  await expect.poll(() => ends).toHaveLength(2);
  ends[1]?.();
  await first;
  expect(ends).toHaveLength(2);
  void ask();
  expect(ends).toHaveLength(3);
});

test('a run that failed keeps no later one back', async () => {
  let runs = 0;
  const ask = again(() => {
    runs += 1;
    return runs === 1 ? Promise.reject(new Error('no')) : Promise.resolve();
  });
  await expect(ask()).rejects.toThrow('no');
  await ask();
  expect(runs).toBe(2);
});
