/** Agreement, skill and the hardest tasks, on the double. */
import { nothing, ok, type Handlers } from './server.ts';
import { DATASET, type State } from './state.ts';
import { fileLink } from './workers.ts';
import type { Body } from '../../src/api/client.ts';

const quality = (state: State): Body<'QualityBody'> => ({
  answers: 10_000,
  isSample: true,
  confidence: 0.9,
  belowConfidence: 12,
  fields: [
    {
      field: 'rating',
      method: 'MAJORITY_VOTE',
      tasks: 3300,
      answers: 10_000,
      alpha: { value: 0.61, low: 0.58, high: 0.64 },
      rawAgreement: { value: 0.79, low: 0.77, high: 0.8 },
      ac1: null,
      labels: ['bad', 'good', 'neutral'].map((value, i) => ({
        value,
        answers: 3000 + i,
        tasks: 1000 + i,
      })),
      confusion: [
        [2700, 100, 300],
        [90, 2800, 200],
        [210, 102, 2502],
      ],
      confident: 0.72,
      decided: state.decisions.size,
    },
  ],
});

const hardTask = (state: State, taskId: number): Body<'HardTaskBody'> => {
  const value = state.decisions.get(taskId);
  return {
    taskId,
    datasetId: DATASET,
    rowNo: taskId,
    externalId: `i${taskId}`,
    status: 'APPROVED',
    source: {
      id: `i${taskId}`,
      text: `It works, if you call that working (${taskId}).`,
      file: `${taskId}.png`,
    } as never,
    agreement: 0,
    answers: ['bad', 'good', 'neutral'].map((rating, i) => ({
      workerId: `w-5f3a91c${i}`,
      answer: { rating } as never,
      status: 'APPROVED',
      secondsSpent: 4,
      submittedAt: '2026-11-27T08:00:00Z',
    })),
    decision:
      value === undefined ? null : { taskId, field: 'rating', value, decidedAt: '2026-11-27T09:00:00Z' },
  };
};

const worker = (workerId: string, skill: number | null): Body<'WorkerQualityBody'> => ({
  workerId,
  answers: 240,
  compared: skill === null ? 0 : 230,
  skill,
  skillLow: skill === null ? 0 : skill - 0.04,
  skillHigh: skill === null ? 1 : skill + 0.03,
  agreement: skill,
  medianSeconds: 4.5,
  goldAnswers: skill === null ? 0 : 20,
  goldRight: skill === null ? 0 : 18,
  goldLow: 0.7,
  goldHigh: 0.97,
});

const goldItem = (id: number, isRetired: boolean): Body<'GoldBody'> => ({
  id,
  datasetId: DATASET,
  rowNo: id,
  taskId: id === 1 ? 64 : null,
  payload: { id: `g${id}`, text: `A review whose rating is known (${id}).` } as never,
  expected: { rating: 'good' } as never,
  explanation: id === 1 ? 'It is praise.' : null,
  answers: id * 10,
  right: id * 7,
  isRetired,
  createdAt: '2026-11-27T08:00:00Z',
});

export const qualityReads: Handlers = {
  'GET /projects/:id/gold': (state) =>
    ok({ items: [3, 2, 1].map((id) => goldItem(id, state.retired.has(id))), nextCursor: null }),
  'POST /projects/:id/gold': (state, { body }) => {
    state.retired.delete(1);
    state.madeGold = Number(body['taskId']);
    return { status: 201, body: goldItem(1, false) };
  },
  'DELETE /projects/:id/gold/:item': (state, _, __, item) => {
    state.retired.add(Number(item));
    return nothing;
  },
  'GET /projects/:id/quality': (state) => ok(quality(state)),
  'GET /projects/:id/quality/costs': () =>
    ok({
      field: 'rating',
      tasks: 3300,
      answersPerTask: 3,
      costs: [
        { confidence: 0.8, answersPerTask: 1.41, sure: 1 },
        { confidence: 0.9, answersPerTask: 2.08, sure: 0.97 },
        { confidence: 0.99, answersPerTask: 2.9, sure: 0.61 },
      ],
    } satisfies Body<'CostsBody'>),
  'GET /projects/:id/quality/workers': () =>
    ok({ items: [worker('w-5f3a91c0', 0.91), worker('w-77b2e0d4', null)], nextCursor: null }),
  'GET /projects/:id/quality/tasks': (state) =>
    ok({ items: [hardTask(state, 7), hardTask(state, 9)], nextCursor: null, isWhole: true }),
  'GET /projects/:id/tasks/:task/media/:column': (state, { accept }, _, task) =>
    fileLink(state, accept, `${task}.png`),
  'PUT /projects/:id/quality/tasks/:task/decision': (state, { body }, _, task) => {
    state.decisions.set(Number(task), body['value']);
    return ok(hardTask(state, Number(task)).decision);
  },
  'DELETE /projects/:id/quality/tasks/:task/decision': (state, _, __, task) => {
    state.decisions.delete(Number(task));
    return nothing;
  },
};
