import { describe, expect, it } from 'vitest';
import { Problem } from '../api/problem.ts';
import { again, due, pause, relockVerdict, underLease, verdict, type Entry } from './outbox.ts';
import { entryAt } from './testing.ts';

const NOW = 1_000_000;
const entry = (part: Partial<Entry> = {}): Entry => entryAt(NOW, part);
const failed = (code: string, status: number, retryAfter: number | null = null) =>
  ({ outcome: 'failed', problem: new Problem(code, code, status, {}, null, retryAfter) }) as const;

describe('what an answer of the server makes of an entry', () => {
  const rows: [string, Partial<Entry>, Parameters<typeof verdict>[1], string][] = [
    ['acknowledged', {}, { outcome: 'done', answerId: 7, status: 'IN_REVIEW' }, 'remove'],
    ['no network', {}, failed('offline', 0), 'waiting'],
    ['the API is being restarted', {}, failed('draining', 503), 'waiting'],
    ['too fast', {}, failed('rate_limited', 429), 'waiting'],
    ['the session is over', {}, failed('session_over', 401), 'waiting'],
    ['the lease is lost', {}, failed('lease_lost', 409), 'relock'],
    ['the lease is lost for the third time', { relocks: 2 }, failed('lease_lost', 409), 'refused'],
    ['the form refuses it', {}, failed('invalid_answer', 422), 'refused'],
    ['the worker is blocked', {}, failed('blocked', 403), 'refused'],
    ['the task is gone', {}, failed('not_found', 404), 'refused'],
    ['a skip whose lease is gone', { kind: 'skip' }, failed('lease_lost', 409), 'remove'],
    ['a skip of a task that is gone', { kind: 'skip' }, failed('not_found', 404), 'remove'],
    ['a skip without network', { kind: 'skip' }, failed('offline', 0), 'waiting'],
  ];
  it.each(rows)('%s', (_, part, sent, expected) => {
    const decided = verdict(entry(part), sent, NOW);
    expect(decided.then === 'keep' ? decided.entry.state : decided.then).toBe(expected);
  });

  it('waits longer after each failure, half a minute at most', () => {
    let one = entry();
    const waits: number[] = [];
    for (let i = 0; i < 9; i += 1) {
      const decided = verdict(one, failed('offline', 0), NOW);
      if (decided.then !== 'keep') throw new Error('must be kept');
      one = decided.entry;
      waits.push(one.nextAt - NOW);
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });

  it('waits as long as the server says', () => {
    const decided = verdict(entry(), failed('rate_limited', 429, 12_000), NOW);
    expect(decided.then === 'keep' && decided.entry.nextAt).toBe(NOW + 12_000);
  });

  it('keeps its text and its reason when it is refused, and forgets the reason when it is tried again', () => {
    const decided = verdict(entry({ body: '{"a":1.50}' }), failed('blocked', 403), NOW);
    if (decided.then !== 'keep') throw new Error('must be kept');
    expect(decided.entry).toMatchObject({ body: '{"a":1.50}', refusal: { code: 'blocked' } });
    expect(again(decided.entry)).toEqual(entry({ body: '{"a":1.50}' }));
  });
});

describe('what is sent now', () => {
  const rows: [string, Entry[], number[], string[]][] = [
    ['nothing', [], [], []],
    [
      'the oldest first',
      [entry({ id: 'b', taskId: 2, createdAt: 2 }), entry({ id: 'a', createdAt: 1 })],
      [],
      ['a', 'b'],
    ],
    ["nobody else's", [entry({ user: 'otto' })], [], []],
    ['one per task', [entry({ id: 'a', createdAt: 1 }), entry({ id: 'b', createdAt: 2 })], [], ['a']],
    ['none whose task is in flight', [entry()], [1], []],
    ['none before its time', [entry({ nextAt: NOW + 1 })], [], []],
    ['none that was refused', [entry({ state: 'refused' })], [], []],
  ];
  it.each(rows)('%s', (_, entries, inFlight, expected) => {
    expect(due(entries, 'wanda', new Set(inFlight), NOW).map((one) => one.id)).toEqual(expected);
  });
});

it('sleeps until the next entry is due, and for ever when nothing waits', () => {
  expect(pause([entry({ nextAt: NOW + 300 }), entry({ nextAt: NOW + 200 })], 'wanda', NOW)).toBe(200);
  expect(pause([entry({ state: 'refused' }), entry({ user: 'otto' })], 'wanda', NOW)).toBeNull();
});

it('a clock that was put back holds nothing up, however far', () => {
  const ahead = entry({ nextAt: NOW + 2 * 3_600_000 });
  expect(due([ahead], 'wanda', new Set(), NOW)).toEqual([ahead]);
  expect(pause([ahead], 'wanda', NOW)).toBe(0);
  const decided = verdict(entry(), failed('rate_limited', 429, 24 * 3_600_000), NOW);
  expect(decided.then === 'keep' && decided.entry.nextAt).toBe(NOW + 600_000);
});

it('goes on under the new lease, and keeps the text when the task is not to be had', () => {
  expect(underLease(entry(), 't2')).toMatchObject({ leaseToken: 't2', relocks: 1, state: 'waiting' });
  const taken = relockVerdict(entry(), new Problem('task_locked', 'taken', 409), NOW);
  expect(taken).toMatchObject({ state: 'refused', refusal: { code: 'task_locked' }, body: '{}' });
  expect(relockVerdict(entry(), Problem.offline(), NOW).state).toBe('waiting');
});
