import { describe, expect, it } from 'vitest';
import { Problem } from '../../../api/problem.ts';
import { follow, pauseAfter, type Item } from './asking.ts';

const item = (state: Item['state']): Item => ({
  itemId: 'i1',
  taskId: 1,
  inbox: 'd1',
  state,
  models: [],
  createdAt: '2026-11-28T09:00:00Z',
});

/** Asks through these answers; what was told, and how long it waited before each. */
async function through(answers: readonly (Item | Problem)[], leaveAfter = Infinity) {
  const left = new AbortController();
  const [waits, told, unheard]: [number[], string[], string[]] = [[], [], []];
  let asked = 0;
  const ended = follow(
    {
      ask: () => {
        const answer = answers[asked++];
        if (asked >= leaveAfter) left.abort();
        if (answer === undefined) throw new Error('asked once more than there are answers');
        return answer instanceof Problem ? Promise.reject(answer) : Promise.resolve(answer);
      },
      told: ({ state }) => told.push(state),
      unheard: ({ code }) => unheard.push(code),
      wait: (milliseconds) => {
        waits.push(milliseconds);
        return Promise.resolve();
      },
    },
    left.signal,
  );
  const problem = await ended.then(
    () => null,
    (thrown: unknown) => Problem.from(thrown).code,
  );
  return { waits, told, unheard, problem, asked };
}

describe('an item is followed', () => {
  it('until it is answered, ever more rarely', async () => {
    const { waits, told, asked } = await through([item('QUEUED'), item('QUEUED'), item('PREDICTED')]);
    expect(told).toEqual(['QUEUED', 'QUEUED', 'PREDICTED']);
    expect(waits).toEqual([400, 600, 900]);
    expect(asked).toBe(3);
    expect(pauseAfter(50)).toBe(5000);
  });

  it('until it failed', async () => {
    expect((await through([item('FAILED')])).told).toEqual(['FAILED']);
  });

  it('over answers that do not come, as long as the server wants it', async () => {
    const busy = new Problem('rate_limited', '', 429, {}, null, 7000);
    const { waits, told, unheard, problem } = await through([Problem.offline(), busy, item('PREDICTED')]);
    expect(unheard).toEqual(['offline', 'rate_limited']);
    expect(waits).toEqual([400, 600, 7000]);
    expect(told).toEqual(['PREDICTED']);
    expect(problem).toBeNull();
  });

  it('not over what no repetition heals', async () => {
    const { problem, asked } = await through([new Problem('not_found', '', 404)]);
    expect([problem, asked]).toEqual(['not_found', 1]);
  });

  it('not once the page is left, whatever comes then', async () => {
    for (const last of [item('QUEUED'), item('PREDICTED'), new Problem('not_found', '', 404)]) {
      const { told, asked, problem } = await through([item('QUEUED'), last, item('PREDICTED')], 2);
      expect([told, asked, problem]).toEqual([['QUEUED'], 2, null]);
    }
  });
});
