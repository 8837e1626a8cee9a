import { expect, test } from 'vitest';
import { Problem } from '../api/problem.ts';
import { sendAll, type Manner, type Transfer } from './transfer.ts';

const files = (count: number): Transfer[] =>
  Array.from({ length: count }, (_, at) => ({
    name: `${at}.wav`,
    size: 10,
    sent: 0,
    state: 'waiting',
    problem: null,
  }));
const manner = (more: Partial<Manner> = {}): Manner => ({
  atOnce: 3,
  pauses: [1, 1],
  wait: () => Promise.resolve(),
  isOver: () => false,
  ...more,
});
const states = (all: readonly Transfer[]) => all.map(({ state }) => state);

test('every file is sent once, three at a time', async () => {
  const all = files(20);
  const sent: string[] = [];
  let underWay = 0;
  let most = 0;
  const put = async (one: Transfer) => {
    most = Math.max(most, ++underWay);
    await Promise.resolve();
    sent.push(one.name);
    underWay -= 1;
  };
  await sendAll(all, put, () => undefined, manner());
  expect(most).toBe(3);
  expect(sent.sort()).toEqual(all.map(({ name }) => name).sort());
  expect(new Set(states(all))).toEqual(new Set(['done']));
});

test('what passes is tried again after the pause that the server asks for; what does not, stops nothing else', async () => {
  const all = files(3);
  const waits: number[] = [];
  let tries = 0;
  const put = (one: Transfer) => {
    if (one.name === '1.wav') throw new Problem('payload_too_large', 'Too large.', 413);
    if (one.name === '0.wav' && ++tries < 3) throw new Problem('busy', 'Busy.', 429, {}, null, 40);
    return Promise.resolve();
  };
  const wait = (milliseconds: number) => Promise.resolve(void waits.push(milliseconds));
  await sendAll(all, put, () => undefined, manner({ wait }));
  expect(states(all)).toEqual(['done', 'failed', 'done']);
  expect(all[1]?.problem?.code).toBe('payload_too_large');
  expect(waits).toEqual([40, 40]);
});

test('a second call sends what is left, and only that', async () => {
  const all = files(4);
  let isDown = true;
  const sent: string[] = [];
  const put = (one: Transfer) => {
    if (isDown && one.name === '2.wav') throw Problem.offline();
    sent.push(one.name);
    return Promise.resolve();
  };
  await sendAll(all, put, () => undefined, manner());
  expect(states(all)).toEqual(['done', 'done', 'failed', 'done']);
  isDown = false;
  await sendAll(all, put, () => undefined, manner());
  expect(states(all)).toEqual(['done', 'done', 'done', 'done']);
  expect(sent.sort()).toEqual(['0.wav', '1.wav', '2.wav', '3.wav']);
});

test('nothing more begins once it is over', async () => {
  const all = files(10);
  let isOver = false;
  const put = () => Promise.resolve(void (isOver = true));
  await sendAll(all, put, () => undefined, manner({ atOnce: 1, isOver: () => isOver }));
  expect(states(all).filter((state) => state === 'done')).toHaveLength(1);
});
