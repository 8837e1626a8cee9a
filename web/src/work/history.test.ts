import { describe, expect, it } from 'vitest';
import { canTakeBack, learned, type Answered } from './history.ts';

const answered = (more: Partial<Answered> = {}): Answered => ({
  entryId: 'e1',
  held: {} as Answered['held'],
  values: {},
  kind: 'submit',
  answerId: null,
  status: null,
  stays: false,
  ...more,
});

describe('an answer can be taken back', () => {
  const rows: [string, Answered[], string[], boolean][] = [
    ['not before there is one', [], [], false],
    ['while it is in the outbox', [answered()], ['e1'], true],
    ['a skip as well', [answered({ kind: 'skip' })], ['e1'], true],
    ['not a skip that arrived', [answered({ kind: 'skip', status: 'SKIPPED' })], [], false],
    ['while it waits for its review', [answered({ answerId: 1, status: 'IN_REVIEW' })], [], true],
    ['not when it counted at once', [answered({ answerId: 1, status: 'APPROVED' })], [], false],
    ['not once the server refused', [answered({ answerId: 1, status: 'IN_REVIEW', stays: true })], [], false],
    ['only the last one', [answered(), answered({ entryId: 'e2', kind: 'skip' })], ['e1'], false],
  ];
  it.each(rows)('%s', (_, history, outbox, expected) => {
    expect(
      canTakeBack(
        history,
        outbox.map((id) => ({ id })),
      ),
    ).toBe(expected);
  });
});

it('news is of one answer alone', () => {
  const history = learned([answered(), answered({ entryId: 'e2' })], 'e2', { answerId: 7 });
  expect(history.map(({ answerId }) => answerId)).toEqual([null, 7]);
});
