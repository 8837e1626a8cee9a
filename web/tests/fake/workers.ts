import { nothing, ok, problem, type Call, type Handlers, type Reply } from './server.ts';
import { DATASET, PROJECT, type FakeAnswer, type FakeTask, type State } from './state.ts';

const isLive = (state: State, task: FakeTask) => task.lease !== null && task.lease.expiresAt > state.now();

function lease(state: State, task: FakeTask, user: string): void {
  task.lease = {
    user,
    token: String(state.id()),
    expiresAt: state.now() + (state.labeling.lockSeconds ?? 600) * 1000,
  };
}

const bodyOf = (state: State, task: FakeTask) => ({
  id: task.id,
  projectId: PROJECT,
  datasetId: DATASET,
  batchId: 1,
  status: task.lease === null ? 'NEW' : 'LOCKED',
  labelingVersion: 1,
  payload: task.payload,
  ...(task.prefill === undefined ? {} : { prefill: task.prefill }),
  ...(task.lease === null
    ? {}
    : {
        lease: {
          token: task.lease.token,
          expiresAt: new Date(task.lease.expiresAt).toISOString(),
          rewardPoints: state.labeling.rewardPoints ?? 0,
        },
      }),
});

function claim(state: State, user: string, count: number): Reply {
  if (state.isBlocked) return problem(404, 'no_task_available', { reason: 'BLOCKED', retryAfter: 60 });
  const mine = state.tasks.filter((task) => isLive(state, task) && task.lease?.user === user);
  const open = state.tasks.filter(
    (task) => task.answer === null && !isLive(state, task) && !task.skippedBy.has(user),
  );
  const taken = open.slice(0, Math.max(0, count - mine.length));
  for (const task of taken) lease(state, task, user);
  const tasks = [...mine, ...taken].slice(0, Math.max(count, mine.length));
  if (tasks.length > 0) return ok({ tasks: tasks.map((task) => bodyOf(state, task)) });
  const reason =
    state.nothing ?? (state.tasks.some((task) => task.answer?.status === 'IN_REVIEW') ? 'IN_REVIEW' : 'DONE');
  return problem(404, 'no_task_available', { reason, retryAfter: 30, leasedUntil: state.leasedUntil });
}

/** The task, when this person's lease on it is the one that is named. */
function held(state: State, call: Call, id: string | undefined): FakeTask | null {
  const task = state.tasks.find((one) => one.id === Number(id));
  const isMine =
    task !== undefined &&
    isLive(state, task) &&
    task.lease?.user === call.user &&
    task.lease?.token === call.body['leaseToken'];
  return isMine ? task : null;
}

function submit(state: State, call: Call, id: string | undefined): Reply {
  const done = state.answers.find(
    (one) =>
      one.taskId === Number(id) &&
      one.user === call.user &&
      one.token === call.body['leaseToken'] &&
      one.status !== 'WITHDRAWN',
  );
  const said = (answer: FakeAnswer, status: number) =>
    ok({ answerId: answer.id, taskId: answer.taskId, status: answer.status, pointsPending: 5 }, status);
  if (done !== undefined) return said(done, 200);
  if (state.isBlocked) return problem(403, 'blocked');
  const task = held(state, call, id);
  if (task === null || call.user === null) return problem(409, 'lease_lost');
  const given = call.body['answer'] as Record<string, unknown>;
  if (given['rating'] === 'poison')
    return problem(422, 'invalid_answer', { rating: 'must be one of the options' });
  const status = (state.labeling.reviewersPerAnswer ?? 1) === 0 ? 'APPROVED' : 'IN_REVIEW';
  const answer: FakeAnswer = {
    id: state.id(),
    taskId: task.id,
    user: call.user,
    token: String(call.body['leaseToken']),
    answer: given,
    at: new Date().toISOString(),
    status,
    decisions: [],
  };
  state.answers.push(answer);
  state.log.push({ taskId: task.id, user: call.user, answer: given });
  task.answer = answer;
  task.lease = null;
  return said(answer, 201);
}

const mine = (state: State, user: string | null): number =>
  state.answers.filter((one) => one.user === user && one.status !== 'WITHDRAWN').length;

const projectBody = (state: State, user: string | null) => ({
  id: PROJECT,
  displayName: 'Product reviews',
  description: 'How positive or negative is each sentence of a review?',
  labelingVersion: 1,
  labeling: state.labeling,
  answerSchema: {},
  myAnswers: mine(state, user),
  progress: {
    open: state.tasks.filter((one) => one.answer?.status !== 'APPROVED').length,
    mine: mine(state, user),
    done: state.tasks.filter((one) => one.answer?.status === 'APPROVED').length,
  },
});

/** A project in which nothing is left to do. */
const finishedBody = (state: State, displayName: string, n: number) => ({
  ...projectBody(state, null),
  id: `0190a000-0000-7000-8000-00000000020${n}`,
  displayName,
  progress: { open: 0, mine: 4, done: 40 },
});

const answerBody = (one: FakeAnswer) => ({
  id: one.id,
  taskId: one.taskId,
  projectId: PROJECT,
  projectDisplayName: 'Product reviews',
  status: one.status,
  labelingVersion: 1,
  answer: one.answer,
  points: 5,
  submittedAt: one.at,
  decidedAt: null,
  decisions: one.decisions,
});

function decide(state: State, id: string | undefined, status: string, comment: string): Reply {
  const answer = state.answers.find((one) => one.id === Number(id));
  if (answer === undefined) return problem(404, 'not_found');
  if (answer.status !== 'IN_REVIEW') return problem(409, 'already_decided');
  answer.status = status;
  answer.decisions.push({ decision: status, comment, at: new Date().toISOString() });
  const task = state.tasks.find((one) => one.id === answer.taskId);
  if (status === 'REJECTED' && task !== undefined) {
    task.answer = null;
    task.skippedBy.add(answer.user);
  }
  return ok({ answerId: answer.id, status });
}

/** Where the file that a cell names is. */
export function fileLink(state: State, accept: string, cell: string): Reply {
  const url = `/api/v1/files/${cell}`;
  const expiresAt = new Date(state.now() + state.linkTtl * 1000).toISOString();
  return accept === 'application/json'
    ? ok({ url, expiresAt, etag: 'e1' })
    : { status: 307, headers: { location: url } };
}

export const workers: Handlers = {
  'GET /work/projects': (state, { user }) =>
    ok({
      items: [
        ...state.finished.map((displayName, i) => finishedBody(state, displayName, i)),
        ...(state.tasks.length === 0 ? [] : [projectBody(state, user)]),
      ],
    }),
  'GET /work/projects/:id': (state, { user }) => ok(projectBody(state, user)),
  'POST /tasks/claim': (state, { body, user }) => claim(state, user ?? '', Number(body['count'] ?? 1)),
  'GET /tasks/:id/media/:column': (state, { accept }, id, column) => {
    const cell = state.tasks.find((one) => one.id === Number(id))?.payload[decodeURIComponent(column ?? '')];
    return fileLink(state, accept, String(cell));
  },
  'POST /tasks/:id/lock': (state, { user }, id) => {
    const task = state.tasks.find((one) => one.id === Number(id));
    if (task === undefined) return problem(404, 'not_found');
    if (task.answer !== null || (isLive(state, task) && task.lease?.user !== user))
      return problem(409, 'task_locked');
    lease(state, task, user ?? '');
    return ok(bodyOf(state, task));
  },
  'POST /tasks/:id/heartbeat': (state, call, id) => {
    const task = held(state, call, id);
    if (task?.lease == null) return problem(409, 'lease_lost');
    task.lease.expiresAt = state.now() + (state.labeling.lockSeconds ?? 600) * 1000;
    return ok({
      token: task.lease.token,
      expiresAt: new Date(task.lease.expiresAt).toISOString(),
      rewardPoints: 5,
    });
  },
  'POST /tasks/:id/unlock': (state, call, id) => {
    const task = held(state, call, id);
    if (task === null) return problem(409, 'lease_lost');
    task.lease = null;
    return nothing;
  },
  'POST /tasks/:id/skip': (state, call, id) => {
    const task = held(state, call, id);
    if (task === null) return problem(409, 'lease_lost');
    task.lease = null;
    task.skippedBy.add(call.user ?? '');
    return nothing;
  },
  'POST /tasks/:id/submit': submit,
  'POST /answers/:id/withdraw': (state, { user }, id) => {
    const answer = state.answers.find((one) => one.id === Number(id) && one.user === user);
    const task = state.tasks.find((one) => one.id === answer?.taskId);
    if (answer === undefined || task === undefined) return problem(404, 'not_found');
    if (answer.status !== 'IN_REVIEW') return problem(409, 'already_reviewed');
    answer.status = 'WITHDRAWN';
    task.answer = null;
    lease(state, task, user ?? '');
    return ok(bodyOf(state, task));
  },
  'POST /reviews/claim': (state, { user }) => {
    const open = state.answers.filter((one) => one.status === 'IN_REVIEW' && one.user !== user).slice(0, 3);
    if (open.length === 0) return problem(404, 'no_review_available');
    const reviews = open.flatMap((one) => {
      const task = state.tasks.find((candidate) => candidate.id === one.taskId);
      return task === undefined
        ? []
        : [
            {
              answerId: one.id,
              task: bodyOf(state, task),
              answer: one.answer,
              submittedAt: one.at,
              previousDecisions: one.decisions,
              models: state.modelsSaid,
            },
          ];
    });
    return ok({ reviews });
  },
  'POST /reviews/:id/approve': (state, { body }, id) =>
    decide(state, id, 'APPROVED', String(body['comment'] ?? '')),
  'POST /reviews/:id/reject': (state, { body }, id) => decide(state, id, 'REJECTED', String(body['comment'])),
  'POST /reviews/:id/undo': (state, _, id) => {
    const answer = state.answers.find((one) => one.id === Number(id));
    if (answer === undefined) return problem(404, 'not_found');
    answer.status = 'IN_REVIEW';
    answer.decisions.pop();
    return ok({ answerId: answer.id, status: answer.status });
  },
  'GET /me/answers': (state, { user }) =>
    ok({
      items: state.answers
        .filter((one) => one.user === user)
        .map(answerBody)
        .reverse(),
      nextCursor: null,
    }),
  'GET /me/points': (state, { user }) => {
    const items = state.answers
      .filter((one) => one.user === user && one.status === 'APPROVED')
      .map((one) => ({ answerId: one.id, projectId: PROJECT, points: 5, at: one.at }));
    return ok({ balance: items.length * 5, items, nextCursor: null });
  },
};
