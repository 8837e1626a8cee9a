import { createHash } from 'node:crypto';
import { manifest, nothing, ok, problem, type Handlers } from './server.ts';
import { DATASET, PROJECT, type State, VOICES } from './state.ts';
import type { Body } from '../../src/api/client.ts';

/** Bytes of a part of a large file. */
const PART = 8 * 1024 * 1024;
const UPLOAD = '0190a000-0000-7000-8000-0000000000e1';

const project = (state: State): Body<'ProjectBody'> & { conditions: unknown } => ({
  conditions: [
    {
      type: 'Ready',
      status: 'True',
      reason: 'Valid',
      message: 'Workers may take tasks.',
      lastTransitionTime: '2026-11-20T08:00:02Z',
    },
  ],
  id: PROJECT,
  name: 'product-reviews-k3x9q',
  namespace: 'dc-clara-k3x9q',
  displayName: 'Product reviews',
  description: 'How positive or negative is each sentence of a review?',
  dataType: 'TEXT',
  state: 'ACTIVE',
  billing: { status: state.quota > 0 ? 'PAID' : 'UNPAID', taskQuota: state.quota, tasksUsed: 0, debt: 0 },
  labelingVersion: 1,
  labeling: state.labeling,
  datasets: state.datasets.length,
  tasks: { total: 3708, new: 1200, locked: 40, inReview: 268, approved: 2100, rejected: 100 },
  createdAt: '2026-11-20T08:00:00Z',
});

/** What the operator says of a dataset, as far as it has come. */
const conditions = (state: string) => {
  const row = (type: string, status: string, reason: string, message: string, minute: number) => ({
    type,
    status,
    reason,
    message,
    lastTransitionTime: `2026-11-27T08:${String(minute).padStart(2, '0')}:00Z`,
  });
  if (state === 'UPLOADED')
    return [row('Ready', 'False', 'Suspended', 'Generate tasks when the form is right.', 1)];
  if (state === 'GENERATING')
    return [
      row('Ready', 'False', 'Generating', '', 3),
      row('Reconciling', 'True', 'JobRunning', 'Rows are being read and become tasks.', 3),
    ];
  return [
    row('Succeeded', 'True', 'Completed', '3,708 rows were read.', 4),
    row(
      'Ready',
      'True',
      'GeneratedWithRejections',
      '3,706 tasks are open to workers; 2 rows were refused.',
      4,
    ),
    row('Reconciling', 'False', 'Settled', '', 4),
  ];
};

export const dataset = (
  part: Partial<Body<'DatasetBody'>> = {},
): Body<'DatasetBody'> & { conditions: unknown } => ({
  conditions: conditions(part.state ?? 'UPLOADED'),
  id: DATASET,
  name: 'items-a1b2c',
  namespace: 'dc-clara-k3x9q',
  projectId: PROJECT,
  state: 'UPLOADED',
  format: 'CSV',
  sourceUri: 's3://datacrowd/dc-clara-k3x9q/datasets/0190a/source.csv',
  batchSize: 100,
  sizeBytes: 359_190,
  sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  columns: ['id', 'text'],
  encoding: 'UTF-8',
  multiline: false,
  notices: [],
  totalRows: null,
  tasksCreated: 0,
  purpose: 'WORK',
  goldItems: 0,
  rowsRejected: 0,
  rowsBlank: 0,
  rejectedRows: [],
  progress: null,
  createdAt: '2026-11-20T09:00:00Z',
  ...part,
});

const worker = (
  id: string,
  n: number,
  standing: string | null = null,
  disqualified: string | null = null,
) => ({
  workerId: id,
  standing,
  disqualified,
  answers: n,
  inReview: 4,
  approved: n - 10,
  rejected: 6,
  voided: 0,
  lastAnswerAt: '2026-11-27T08:00:00Z',
});

const stats = (isMeasured: boolean): Body<'StatsBody'> => ({
  answers: 412,
  inReview: 14,
  approved: 380,
  rejected: 18,
  answersPerHour: 137.5,
  hours: [40, 120, 190, 62].map((answers, i) => ({ hour: `2026-11-27T0${5 + i}:00:00Z`, answers })),
  secondsPerItem: { mean: 6.2, median: 4.8 },
  agreement: isMeasured ? { field: null, pairs: 130, rate: 0.873 } : null,
  fieldAgreement: isMeasured ? [{ field: 'rating', pairs: 130, rate: 0.873 }] : [],
  rejections: [
    { comment: 'Sarcasm: this is negative.', count: 9 },
    { comment: 'A question is 0.', count: 4 },
  ],
  skips: 5,
  skipReasons: [{ reason: 'No option fits.', count: 3, lastAt: '2026-11-27T08:00:00Z' }],
  workers: [
    {
      workerId: 'w-5f3a91c0',
      answers: 240,
      approved: 230,
      rejected: 6,
      answersPerHour: 80,
      secondsPerItem: { mean: 5, median: 4 },
      agreement: isMeasured ? 0.9 : null,
    },
  ],
});

export const owners: Handlers = {
  'GET /projects': (state, { query }) =>
    query.get('state') === 'DELETED'
      ? ok({ items: state.deletedProjects, nextCursor: null })
      : ok({ items: [project(state), ...state.projects], nextCursor: null }),
  'GET /projects/:id': (state, _, id) => {
    const voices = { ...project(state), id: VOICES, name: 'voices-v2b7n', displayName: 'Voices' };
    const found = [project(state), voices, ...state.projects].find((one) => one.id === id);
    return found === undefined ? problem(404, 'not_found') : ok(found);
  },
  'POST /projects': (state, { body }) => {
    const made = {
      ...project(state),
      ...body,
      id: `0190a000-0000-7000-8000-00000000010${state.projects.length}`,
      name: 'made-x1y2z',
      datasets: 0,
      tasks: { total: 0, new: 0, locked: 0, inReview: 0, approved: 0, rejected: 0 },
    };
    state.projects.push(made as Body<'ProjectBody'>);
    return ok(made, 201);
  },
  'PATCH /projects/:id': (state, { body }) => {
    const labeling = body['labeling'] as typeof state.labeling | undefined;
    if (labeling !== undefined) state.labeling = labeling;
    return ok(project(state));
  },
  'DELETE /projects/:id': (state) => {
    state.deletedProjects = [project(state)];
    return { status: 202 };
  },
  'POST /projects/:id/restore': (state) => {
    state.deletedProjects = [];
    return ok(project(state), 201);
  },
  'GET /projects/:id/manifest': () =>
    manifest('Project', 'product-reviews-k3x9q', '  displayName: Product reviews\n  dataType: Text\n'),
  'GET /datasets/:id/manifest': () =>
    manifest('Dataset', 'items-a1b2c', '  projectRef:\n    name: product-reviews-k3x9q\n'),
  'GET /exports/:id/manifest': () =>
    manifest('Export', 'export-1', '  projectRef:\n    name: product-reviews-k3x9q\n'),
  'GET /exports/:id/download': (_, { accept }) =>
    accept === 'application/json'
      ? ok({ url: '/api/v1/files/export.jsonl', expiresAt: '2099-01-01T00:00:00Z' })
      : { status: 307, headers: { location: '/api/v1/files/export.jsonl' } },
  'DELETE /datasets/:id': (state) => {
    state.deletedDatasets = state.datasets;
    state.datasets = [];
    return { status: 202 };
  },
  'POST /datasets/:id/restore': (state) => {
    state.datasets = state.deletedDatasets;
    state.deletedDatasets = [];
    return ok(state.datasets[0], 201);
  },
  'GET /projects/:id/datasets': (state, { query }, id) =>
    ok({
      items:
        query.get('state') === 'DELETED'
          ? state.deletedDatasets
          : [...state.datasets, ...state.inboxes.filter(({ projectId }) => projectId === id)],
      nextCursor: null,
    }),
  'POST /projects/:id/uploads': (state) => {
    state.puts = [];
    return ok({ id: UPLOAD, sourceUri: `s3://datacrowd/dc-clara-k3x9q/datasets/${UPLOAD}/files/` }, 201);
  },
  'PUT /uploads/:id/file': (state, { query, raw }) => {
    const name = query.get('name') ?? '';
    const refusal = state.refusedPuts.get(name)?.shift();
    if (refusal !== undefined) return problem(refusal, refusal === 413 ? 'payload_too_large' : 'unavailable');
    state.puts.push(name);
    const sha256 = createHash('sha256').update(raw).digest('hex');
    return ok({ name, sizeBytes: raw.length, sha256 });
  },
  'POST /uploads/:id/files': (state, { headers }) => {
    const [, name = ''] = /filename ([^,]+)/.exec(String(headers['upload-metadata'])) ?? [];
    const size = Number(headers['upload-length']);
    state.begun += 1;
    state.large = { name: Buffer.from(name, 'base64').toString(), size, bytes: Buffer.alloc(0) };
    return { ...ok({}, 201), headers: { location: `/api/v1/uploads/${UPLOAD}/files/${UPLOAD}` } };
  },
  'HEAD /uploads/:id/files/:file': (state) =>
    state.large === null
      ? problem(404, 'not_found')
      : { ...ok({}), headers: { 'upload-offset': String(state.large.bytes.length) } },
  // Whole parts are kept, as by the server.
  'PATCH /uploads/:id/files/:file': (state, { headers, raw }) => {
    const { large } = state;
    if (large === null) return problem(404, 'not_found');
    if (Number(headers['upload-offset']) !== large.bytes.length) return problem(409, 'wrong_offset');
    const refusal = state.refusedPuts.get(large.name)?.shift();
    const all = Buffer.concat([large.bytes, refusal === undefined ? raw : raw.subarray(0, raw.length / 2)]);
    const kept = all.length === large.size ? all.length : all.length - (all.length % PART);
    large.bytes = all.subarray(0, kept);
    if (refusal !== undefined) return problem(refusal, refusal === 413 ? 'payload_too_large' : 'unavailable');
    return { status: 204, headers: { 'upload-offset': String(kept) } };
  },
  'POST /projects/:id/datasets': (state, { body, raw }, id) => {
    const uri = body['sourceUri'];
    state.uploads.push(raw.toString());
    const made = dataset({
      projectId: id ?? PROJECT,
      ...(typeof uri === 'string' ? { sourceUri: uri } : {}),
    });
    state.datasets = [made];
    return ok(made, 201);
  },
  'GET /datasets/:id': (state) =>
    ok(
      state.datasets[0] ??
        dataset({
          state: 'READY',
          totalRows: 3708,
          tasksCreated: 3706,
          rowsRejected: 2,
          rejectedRows: [
            { line: 17, reason: 'has 3 cells, the header has 2' },
            { line: 290, reason: 'is not UTF-8' },
          ],
        }),
    ),
  'GET /datasets/:id/preview': () =>
    ok({
      format: 'CSV',
      delimiter: ',',
      encoding: 'UTF-8',
      columns: [
        { name: 'id', kind: 'TEXT' },
        { name: 'text', kind: 'TEXT' },
      ],
      rows: [
        { line: 2, values: { id: '1_1', text: 'The battery lasts two days.' } },
        { line: 3, values: { id: '1_2', text: 'It broke at once.' } },
      ],
      notices: [],
    }),
  'POST /datasets/:id/generate-tasks': (state) => {
    if (state.quota < 1) return problem(402, 'payment_required', { remaining: 0, needed: 1 });
    state.datasets = [dataset({ state: 'GENERATING', progress: 0.4, tasksCreated: 1500 })];
    return ok(state.datasets[0], 202);
  },
  'POST /payments/checkout': (state, { body }) => {
    state.quota = Number(body['judgements']);
    return ok(
      {
        paymentId: '0190a000-0000-7000-8000-0000000000f1',
        status: 'PENDING',
        amountCents: 18_540,
        currency: 'EUR',
        checkoutUrl: '/app/client/payments/return',
      },
      201,
    );
  },
  'GET /payments': () => ok({ items: [], nextCursor: null }),
  'GET /payments/:id': (state, _, id) =>
    ok({
      id,
      projectId: PROJECT,
      status: 'PAID',
      judgements: state.quota,
      judgementsGranted: state.quota,
      listCents: 18_540,
      amountCents: 18_540,
      refundedCents: 0,
      currency: 'EUR',
      createdAt: '2026-11-27T08:00:00Z',
      paidAt: '2026-11-27T08:01:00Z',
    }),
  'GET /projects/:id/workers': (state) =>
    ok({
      items: [
        worker('w-5f3a91c0', 240),
        worker('w-77b2e0d4', 90, 'BLOCKED'),
        worker('w-91c0aa12', 60, null, state.isTrusted ? null : 'REVIEW'),
      ],
      nextCursor: null,
    }),
  'POST /projects/:id/workers/:worker/block': (_, __, ___, id) => ok(worker(id ?? '', 240, 'BLOCKED')),
  'POST /projects/:id/workers/:worker/void': () =>
    ok({ voided: 230, charged: 226, credited: 0, pointsTakenBack: 0 }),
  'DELETE /projects/:id/workers/:worker': (state) => {
    state.isTrusted = true;
    return nothing;
  },
  'GET /projects/:id/stats': (state) => ok(stats(state.isAgreementMeasured)),
  'GET /projects/:id/exports': (state) => ok({ items: state.exports, nextCursor: null }),
  'POST /projects/:id/export': (state) => {
    const made: Body<'ExportBody'> = {
      id: '0190a000-0000-7000-8000-0000000000e1',
      projectId: PROJECT,
      name: 'export-1',
      namespace: 'dc-clara-k3x9q',
      state: 'READY',
      format: 'JSONL',
      trigger: 'NOW',
      rowPer: 'ANSWER',
      watermark: 12,
      rows: 2100,
      sizeBytes: 812_000,
      sha256: null,
      hasWorkers: false,
      expiresAt: '2026-12-27T08:00:00Z',
      createdAt: '2026-11-27T08:00:00Z',
    };
    state.exports = [made];
    return ok({ exportId: made.id, state: made.state }, 202);
  },
};
