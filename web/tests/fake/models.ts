/** Models and what they say of items, on the double: each look at one that is under way brings it on by a step. */
import { manifest, ok, problem, type Handlers, type Reply } from './server.ts';
import { DATASET, MODEL, PREDICTION, PROJECT, type State } from './state.ts';
import type { Body } from '../../src/api/client.ts';

type Model = Body<'ModelBody'>;
type Prediction = Body<'PredictionBody'>;

const SHA = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
const AUDIO = {
  sampleRateHz: 8000,
  windowMillis: 2000,
  hopMillis: 1000,
  features: 'LOG_MEL',
  logMel: { nFft: 256, hop: 80, nMels: 40, fMin: 60, fMax: 4000 },
};

const condition = (type: string, status: string, reason: string, message: string, second: number) => ({
  type,
  status,
  reason,
  message,
  lastTransitionTime: `2026-11-27T08:00:${String(second).padStart(2, '0')}Z`,
});

export const model = (part: Partial<Model> = {}): Model => ({
  id: MODEL,
  projectId: PROJECT,
  name: 'rating-q7w2e',
  namespace: 'dc-clara-k3x9q',
  state: 'READY',
  sourceUri: 's3://datacrowd/dc-clara-k3x9q/models/rating.onnx',
  replicas: 0,
  predict: 'ON_REQUEST',
  onGold: { items: 200, correct: 188, accuracy: 0.94, low: 0.898, high: 0.965 },
  use: {
    prefill: true,
    blindShare: 0.1,
    answerAbove: 0.98,
    answers: { given: 5200, inReview: 0, approved: 5140, rejected: 60 },
    shown: { answers: 900, alike: 846, share: 0.94, low: 0.922, high: 0.954 },
    blind: { answers: 100, alike: 86, share: 0.86, low: 0.779, high: 0.915 },
  },
  sha256: SHA,
  sizeBytes: 1_482_311,
  input: { kind: 'AUDIO', column: 'file', audio: AUDIO },
  output: { field: 'rating', labels: ['bad', 'neutral', 'good'], windows: 'MEAN' },
  inputs: [{ name: 'input', element: 'float32', shape: '[N, 40, 197]' }],
  outputs: [
    { name: 'label', element: 'int64', shape: '[N]' },
    { name: 'probabilities', element: 'float32', shape: '[N, 3]' },
  ],
  predicted: 2480,
  meanMicros: 4_260,
  message: null,
  createdAt: '2026-11-27T08:00:00Z',
  ...part,
});

/** One that says numbers. */
export const numberModel = (part: Partial<Model> = {}): Model =>
  model({
    name: 'age-n4m5b',
    output: { field: 'age' },
    onGold: null,
    errorOnGold: { items: 200, meanAbsolute: 2.1434, low: 1.93, high: 2.357, bias: -0.4 },
    use: { prefill: false, blindShare: 0.1, answerAbove: null },
    ...part,
  });

/** One that the platform cannot run. */
export const failedModel = (): Model =>
  model({
    id: '0190a000-0000-7000-8000-0000000000a2',
    name: 'forest-z1x3c',
    state: 'FAILED',
    input: { kind: 'COLUMNS', columns: ['age', 'height'] },
    inputs: [],
    outputs: [],
    onGold: null,
    use: { prefill: false, blindShare: 0.1, answerAbove: null },
    predicted: 0,
    meanMicros: null,
    message:
      'The model uses operators that are not run here: ai.onnx.ml.ZipMap. Export it with zipmap=False.',
  });

function modelConditions({ state, message }: Model) {
  if (state === 'READY')
    return [
      condition('Succeeded', 'True', 'Accepted', 'The file is a model that the platform can run.', 12),
      condition('Ready', 'True', 'Accepted', 'Apply it to a Dataset with a Prediction.', 12),
    ];
  return state === 'FAILED'
    ? [condition('Stalled', 'True', 'InvalidModel', message ?? '', 12)]
    : [condition('Reconciling', 'True', 'JobRunning', 'Its file is being read.', 2)];
}

export const prediction = (part: Partial<Prediction> = {}): Prediction => ({
  id: PREDICTION,
  projectId: PROJECT,
  name: 'items-p4r5t',
  namespace: 'dc-clara-k3x9q',
  modelId: MODEL,
  modelName: 'rating-q7w2e',
  datasetId: DATASET,
  datasetName: 'items-a1b2c',
  state: 'READY',
  items: 2483,
  predicted: 2480,
  failed: 3,
  failedItems: [
    { rowNo: 17, reason: 'UNDECODABLE', message: 'clip-17.wav is no WAV file; bring another one.' },
    { rowNo: 290, reason: 'EMPTY', message: 'clip-290.wav has no sound; bring another one.' },
    { rowNo: 1204, reason: 'A_NEWER_REASON', message: 'Something that this console does not know.' },
  ],
  message: null,
  startedAt: '2026-11-27T08:00:10Z',
  completedAt: '2026-11-27T08:00:52Z',
  createdAt: '2026-11-27T08:00:00Z',
  ...part,
});

/** The n-th item, from 1: sure of most, undecided about every fifth. */
function item(n: number): Body<'PredictionItemBody'> {
  const label = ['bad', 'neutral', 'good'][n % 3] ?? 'bad';
  const probability = n % 5 === 0 ? 0.41 : 0.83 + (n % 16) / 100;
  const rest = (1 - probability) / 2;
  return {
    taskId: n,
    rowNo: n,
    externalId: `r${n}`,
    label: label as never,
    probability,
    probabilities: { bad: rest, good: rest, neutral: rest, [label]: probability },
  };
}

/** The n-th item of a model of numbers. */
const numberItem = (n: number): Body<'PredictionItemBody'> => ({
  taskId: n,
  rowNo: n,
  externalId: `r${n}`,
  label: (20 + (n % 40) + 0.25) as never,
  probability: null,
  probabilities: {},
});

const isOfNumbers = ({ models, predictions }: State, id: string): boolean => {
  const { modelId } = predictions.find((one) => one.id === id) ?? prediction();
  return models.some((one) => one.id === modelId && one.output.labels === undefined);
};

const ERROR = {
  compared: 240,
  right: 12,
  accuracy: null,
  accuracyLow: 0.0287,
  accuracyHigh: 0.0853,
  confusion: [],
  calibration: [],
  error: { items: 240, meanAbsolute: 1.8214, low: 1.64, high: 2.0028, bias: -0.31 },
} satisfies Body<'AccuracyBody'>;

function items(state: State, id: string, query: URLSearchParams): Reply {
  const { predicted } = state.predictions.find((one) => one.id === id) ?? prediction();
  const [after, limit] = [Number(query.get('cursor') ?? 0), Number(query.get('limit') ?? 50)];
  const last = Math.min(predicted, after + limit);
  const made = isOfNumbers(state, id) ? numberItem : item;
  const page = Array.from({ length: Math.max(0, last - after) }, (_, i) => made(after + i + 1));
  return ok({ items: page, nextCursor: last < predicted ? String(last) : null });
}

const NEXT: Readonly<Record<string, string>> = { PENDING: 'CHECKING', CHECKING: 'READY' };

function look(state: State, id: string): Model | undefined {
  const at = state.models.findIndex((one) => one.id === id);
  const found = state.models[at];
  if (found === undefined) return id === MODEL ? model() : undefined;
  const next = NEXT[found.state];
  if (next === undefined) return found;
  const { inputs, outputs, sizeBytes } = model();
  const read = next === 'READY' ? { sha256: found.sha256 ?? SHA, inputs, outputs, sizeBytes } : {};
  return (state.models[at] = { ...found, state: next, ...read });
}

function watch(state: State, id: string): Prediction | undefined {
  const at = state.predictions.findIndex((one) => one.id === id);
  const found = state.predictions[at];
  if (found === undefined) return id === PREDICTION ? prediction() : undefined;
  if (found.state === 'PENDING')
    return (state.predictions[at] = { ...found, state: 'RUNNING', items: 2483, predicted: 120 });
  if (found.state === 'RUNNING') return (state.predictions[at] = prediction({ ...NAMES(found) }));
  return found;
}

const NAMES = ({ id, modelId, modelName, datasetId, datasetName }: Prediction) => ({
  id,
  modelId,
  modelName,
  datasetId,
  datasetName,
});

export const models: Handlers = {
  'GET /projects/:id/models': (state) => ok({ items: state.models, nextCursor: null }),
  'POST /projects/:id/models': (state, { body }) => {
    const refusal = state.refusedModels.shift();
    if (refusal !== undefined) return problem(422, 'invalid_spec', refusal);
    const made = model({
      ...(body as unknown as Body<'NewModel'>),
      replicas: (body as unknown as Body<'NewModel'>).replicas ?? 0,
      predict: 'ON_REQUEST',
      use: { prefill: false, blindShare: 0.1, answerAbove: null },
      onGold: null,
      id: `0190a000-0000-7000-8000-0000000000b${state.madeModels.push(body)}`,
      name: 'voice-n3w4m',
      state: 'PENDING',
      sizeBytes: null,
      inputs: [],
      outputs: [],
      predicted: 0,
      meanMicros: null,
    });
    state.models.push(made);
    return ok(made, 202);
  },
  'GET /models/:id': (state, _, id) => {
    const found = look(state, id ?? '');
    return found === undefined
      ? problem(404, 'not_found')
      : ok({ ...found, conditions: modelConditions(found) });
  },
  'PATCH /models/:id': (state, { body }, id) => {
    const change = body as unknown as Body<'ModelChange'>;
    const found = state.models.find((one) => one.id === id);
    if (found === undefined) return problem(404, 'not_found');
    const changed = {
      ...found,
      replicas: change.replicas ?? found.replicas,
      predict: change.predict ?? found.predict,
      use: {
        ...found.use,
        prefill: change.use?.prefill ?? found.use.prefill,
        blindShare: change.use?.blindShare ?? found.use.blindShare,
        answerAbove: change.use?.answerAbove === undefined ? found.use.answerAbove : change.use.answerAbove,
      },
    };
    state.models = state.models.map((one) => (one.id === id ? changed : one));
    return ok(changed);
  },
  'DELETE /models/:id': (state, _, id) => {
    state.models = state.models.filter((one) => one.id !== id);
    return { status: 202 };
  },
  'GET /models/:id/manifest': () =>
    manifest('Model', 'rating-q7w2e', '  projectRef:\n    name: product-reviews-k3x9q\n'),
  'GET /projects/:id/predictions': (state) =>
    ok({ items: [prediction(), ...state.predictions], nextCursor: null }),
  'POST /projects/:id/predictions': (state, { body }) => {
    const [modelId, datasetId] = [String(body['modelId']), String(body['datasetId'])];
    const made = prediction({
      id: `0190a000-0000-7000-8000-0000000000c${state.predictions.length + 1}`,
      modelId,
      modelName: state.models.find((one) => one.id === modelId)?.name ?? 'rating-q7w2e',
      datasetId,
      state: 'PENDING',
      items: null,
      predicted: 0,
      failed: 0,
      failedItems: [],
      startedAt: null,
      completedAt: null,
    });
    state.predictions.push(made);
    return ok(made, 202);
  },
  'GET /predictions/:id': (state, _, id) => {
    const found = watch(state, id ?? '');
    return found === undefined
      ? problem(404, 'not_found')
      : ok({
          ...found,
          conditions: [condition('Succeeded', 'True', 'Predicted', '2,480 of 2,483 items.', 52)],
        });
  },
  'DELETE /predictions/:id': (state, _, id) => {
    state.predictions = state.predictions.filter((one) => one.id !== id);
    return { status: 202 };
  },
  'GET /predictions/:id/accuracy': (state, _, id) =>
    ok(
      isOfNumbers(state, id ?? '')
        ? ERROR
        : ({
            compared: 240,
            right: 216,
            accuracy: 0.9,
            accuracyLow: 0.8553,
            accuracyHigh: 0.932,
            confusion: [
              { predicted: 'bad', given: 'bad', items: 96 },
              { predicted: 'bad', given: 'neutral', items: 14 },
              { predicted: 'neutral', given: 'neutral', items: 40 },
              { predicted: 'good', given: 'neutral', items: 10 },
              { predicted: 'good', given: 'good', items: 80 },
            ],
            calibration: [
              { from: 0.4, to: 0.5, items: 12, right: 5, probability: 0.46 },
              { from: 0.7, to: 0.8, items: 58, right: 45, probability: 0.75 },
              { from: 0.9, to: 1, items: 170, right: 166, probability: 0.97 },
            ],
          } satisfies Body<'AccuracyBody'>),
    ),
  'GET /predictions/:id/items': (state, { query }, id) => items(state, id ?? '', query),
  'GET /predictions/:id/manifest': () =>
    manifest('Prediction', 'items-p4r5t', '  projectRef:\n    name: product-reviews-k3x9q\n'),
};
