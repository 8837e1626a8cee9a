import { resolveObjectURL } from 'node:buffer';
import { describe, expect, it, vi } from 'vitest';
import { Problem } from '../../../api/problem.ts';
import { cancelled } from '../../../api/upload.ts';
import { PEOPLE_TAKE, type Item } from './asking.ts';
import { Row } from './row.ts';
import { MOST_TRIES, Tries, type World } from './tries.svelte.ts';

const file = (name: string) => new File(['sound'], name);
const item = (itemId: string, state: Item['state']): Item => ({
  itemId,
  taskId: 1,
  inbox: 'd1',
  state,
  models: [],
  createdAt: '2026-11-28T09:00:00Z',
});

/** Files arrive, and items are answered, when the test says so. */
function stage() {
  const sent: {
    name: string;
    key: string;
    arrive: () => void;
    refuse: (problem: Problem) => void;
  }[] = [];
  let [asked, now] = [0, 0];
  const answers = new Map<string, Item | Problem>();
  const signals: AbortSignal[] = [];
  const waiting: (() => void)[] = [];
  const world: World = {
    send: (_inbox, { name }, key) => {
      const { promise, resolve, reject } = promised<{ itemId: string; taskId: number; statusUrl: string }>();
      sent.push({
        name,
        key,
        arrive: () => resolve({ itemId: name, taskId: 1, statusUrl: '' }),
        refuse: reject,
      });
      return { done: promise, cancel: () => reject(cancelled()) };
    },
    ask: (id, signal) => {
      asked += 1;
      signals.push(signal);
      const answer = answers.get(id) ?? item(id, 'QUEUED');
      return answer instanceof Problem ? Promise.reject(answer) : Promise.resolve(answer);
    },
    wait: (_, signal) =>
      new Promise((done) => {
        waiting.push(done);
        signal.addEventListener('abort', () => done());
      }),
    now: () => now,
  };
  /** Everybody who waits asks once. */
  const tick = async (milliseconds = 1000) => {
    now += milliseconds;
    for (const go of waiting.splice(0)) go();
    await settled();
  };
  return { world, sent, answers, tick, asked: () => asked };
}

function promised<T>() {
  let [resolve, reject] = [(_: T): void => undefined, (_: Problem): void => undefined];
  const promise = new Promise<T>((yes, no) => ([resolve, reject] = [yes, no]));
  return { promise, resolve, reject };
}
const settled = () => new Promise((done) => setTimeout(done, 0));
const stages = (tries: Tries) => tries.all.map(({ subject: { name }, stage }) => `${name} ${stage}`);

describe('recordings', () => {
  it('are sent one after the other and answered side by side, the newest first', async () => {
    const { world, sent, answers, tick } = stage();
    const tries = new Tries(world);
    tries.add([file('a'), file('b')], 'd1');
    await settled();
    expect(stages(tries)).toEqual(['b WAITING', 'a SENDING']);
    sent[0]?.arrive();
    await settled();
    expect(stages(tries)).toEqual(['b SENDING', 'a ASKING']);
    sent[1]?.arrive();
    answers.set('b', item('b', 'PREDICTED'));
    answers.set('a', item('a', 'FAILED'));
    await settled();
    await tick();
    expect(stages(tries)).toEqual(['b DONE', 'a FAILED']);
    expect(sent[0]?.key).not.toBe(sent[1]?.key);
  });

  it('that wait for long are told apart', async () => {
    const { world, sent, tick } = stage();
    const tries = new Tries(world);
    tries.add([file('a')], 'd1');
    await settled();
    sent[0]?.arrive();
    await settled();
    await tick();
    expect(tries.all[0]?.isLong).toBe(false);
    await tick(20_000);
    expect(tries.all[0]?.isLong).toBe(true);
  });

  it('are sent again under the same key while nobody knows whether they arrived, else under a new one', async () => {
    const { world, sent } = stage();
    const tries = new Tries(world);
    tries.add([file('a')], 'd1');
    const [one] = tries.all;
    if (one === undefined) throw new Error('there is none');
    for (const problem of [Problem.offline(), new Problem('no_warm_model', '', 409)]) {
      await settled();
      sent.at(-1)?.refuse(problem);
      await settled();
      expect(one.problem?.code).toBe(problem.code);
      tries.again(one);
    }
    await settled();
    const keys = sent.map(({ key }) => key);
    expect(keys).toHaveLength(3);
    expect(keys[1]).toBe(keys[0]);
    expect(keys[2]).not.toBe(keys[1]);
  });

  it('that arrived are not sent again when nobody could be asked', async () => {
    const { world, sent, answers, tick } = stage();
    const tries = new Tries(world);
    tries.add([file('a')], 'd1');
    await settled();
    sent[0]?.arrive();
    answers.set('a', new Problem('forbidden', '', 403));
    await settled();
    await tick();
    expect(stages(tries)).toEqual(['a FAILED']);
    answers.set('a', item('a', 'PREDICTED'));
    if (tries.all[0] !== undefined) tries.again(tries.all[0]);
    await settled();
    await tick();
    expect(stages(tries)).toEqual(['a DONE']);
    expect(sent).toHaveLength(1);
  });

  it('are cancelled while they are sent or wait for it, and wait once however often they are asked for', async () => {
    const { world, sent } = stage();
    const tries = new Tries(world);
    tries.add([file('a'), file('b')], 'd1');
    await settled();
    const [b, a] = tries.all;
    if (a === undefined || b === undefined) throw new Error('there are two');
    b.cancel();
    tries.again(b);
    a.cancel();
    await settled();
    expect(stages(tries)).toEqual(['b SENDING', 'a CANCELLED']);
    expect(a.problem).toBeNull();
    sent[1]?.arrive();
    await settled();
    expect(sent.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(stages(tries)).toEqual(['b ASKING', 'a CANCELLED']);
  });
});

describe('people', () => {
  const asked = (state: 'ASKED' | 'ANSWERED', answers: number): Item => ({
    ...item('a', 'PREDICTED'),
    crowd: { state, answers, wanted: 2, answer: answers === 2 ? { voice: 'human' as never } : {} },
  });

  it('are looked at now and then until they have answered; what the model said stands meanwhile', async () => {
    const { world, sent, answers, tick, asked: looks } = stage();
    const tries = new Tries(world);
    tries.add([file('a')], 'd1');
    await settled();
    sent[0]?.arrive();
    answers.set('a', asked('ASKED', 0));
    await settled();
    await tick();
    expect(stages(tries)).toEqual(['a DONE']);
    answers.set('a', new Problem('unavailable', '', 503));
    await tick(PEOPLE_TAKE);
    expect(stages(tries)).toEqual(['a DONE']);
    expect(tries.all[0]?.problem).toBeNull();
    answers.set('a', asked('ANSWERED', 2));
    await tick(PEOPLE_TAKE);
    expect(tries.all[0]?.item?.crowd?.answer).toEqual({ voice: 'human' });
    const before = looks();
    await tick(PEOPLE_TAKE);
    expect(looks()).toBe(before);
  });

  it('that are not asked are not waited for', async () => {
    const { world, sent, answers, tick, asked: looks } = stage();
    const tries = new Tries(world);
    tries.add([new Row([['age', '31']])], 'd1');
    await settled();
    expect(sent[0]?.name).toBe('age 31');
    expect(tries.all[0]?.url).toBeNull();
    sent[0]?.arrive();
    answers.set('age 31', item('age 31', 'PREDICTED'));
    await settled();
    await tick();
    const before = looks();
    await tick(PEOPLE_TAKE);
    expect(looks()).toBe(before);
  });
});

describe('what is left', () => {
  it('is asked nothing more, and its sound is given back', async () => {
    const { world, sent, tick, asked } = stage();
    const tries = new Tries(world);
    tries.add([file('a'), file('b')], 'd1');
    const urls = tries.all.map(({ url }) => url ?? '');
    expect(urls.every((url) => resolveObjectURL(url) !== undefined)).toBe(true);
    await settled();
    sent[0]?.arrive();
    await settled();
    await tick();
    expect(asked()).toBe(1);
    tries.leave();
    await settled();
    await tick();
    expect(asked()).toBe(1);
    expect(sent).toHaveLength(2);
    expect(urls.map((url) => resolveObjectURL(url))).toEqual([undefined, undefined]);
  });

  it('is all beyond the last ten', async () => {
    const { world } = stage();
    const revoke = vi.spyOn(URL, 'revokeObjectURL');
    const tries = new Tries(world);
    tries.add([file('first')], 'd1');
    const url = tries.all[0]?.url;
    tries.add(
      Array.from({ length: MOST_TRIES }, (_, i) => file(`${i}`)),
      'd1',
    );
    await settled();
    expect(tries.all).toHaveLength(MOST_TRIES);
    expect(revoke.mock.calls).toEqual([[url]]);
    expect(tries.all.some(({ subject: { name } }) => name === 'first')).toBe(false);
    revoke.mockRestore();
  });
});
