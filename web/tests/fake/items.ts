/** Recordings in an inbox, on the double: a model answers at the third look; what is called silent… has no sound. */
import type { Body } from '../../src/api/client.ts';
import { model } from './models.ts';
import { dataset } from './owners.ts';
import { ok, problem, type Handlers } from './server.ts';
import { INBOX, VOICES, WARM_MODEL } from './state.ts';

type Word = Body<'ModelWordBody'>;

export interface FakeItem {
  readonly id: string;
  readonly name: string;
  readonly inbox: string;
  readonly key: string;
  readonly bytes: number;
  /** As it was sent; nothing of a recording. */
  readonly row?: string;
  looks: number;
}

export const inbox = (part: Partial<Body<'DatasetBody'>> = {}): Body<'DatasetBody'> =>
  dataset({
    id: INBOX,
    projectId: VOICES,
    name: 'calls',
    state: 'READY',
    format: 'INBOX',
    sourceUri: 's3://datacrowd/dc-clara-k3x9q/datasets/0190b/files/',
    ...part,
  });

export const warmModel = (part: Partial<Body<'ModelBody'>> = {}): Body<'ModelBody'> =>
  model({
    id: WARM_MODEL,
    projectId: VOICES,
    name: 'voice-w4r3m',
    replicas: 1,
    output: { field: 'voice', labels: ['human', 'synthetic'], windows: 'MEAN' },
    ...part,
  });

/** The header of the file, and the form around it. */
const AROUND = 1000;

/** Windows of a second, half a second apart, whose mean is what is said of the recording; what is called mixed… is of both kinds. */
function windows({ name, bytes }: FakeItem, synthetic: number): Body<'PredictedWindow'>[] {
  const seconds = Math.max(1, Math.round((bytes - AROUND) / 8000));
  const count = 2 * seconds - 1;
  const swing = name.startsWith('mixed') ? 0.3 : 0.02;
  return Array.from({ length: count }, (_, at) => {
    const here = synthetic + (count === 1 ? 0 : swing * Math.cos((Math.PI * at) / (count - 1)));
    return {
      startSeconds: at / 2,
      endSeconds: at / 2 + 1,
      probabilities: { synthetic: here, human: 1 - here },
    };
  });
}

/** A number a second, the greatest last. */
const numbers = ({ bytes }: FakeItem): Body<'PredictedWindow'>[] =>
  Array.from({ length: Math.max(1, Math.round((bytes - AROUND) / 8000)) }, (_, at) => ({
    startSeconds: at,
    endSeconds: at + 1,
    value: 10.5 * (at + 1),
  }));

function word(item: FakeItem): Word {
  const { name, looks } = item;
  const who = { model: 'voice-w4r3m', modelId: WARM_MODEL };
  if (looks < 3) return { ...who, state: 'QUEUED' };
  if (name.startsWith('silent'))
    return {
      ...who,
      state: 'FAILED',
      reason: 'EMPTY',
      message: `${name} has no sound; bring another one.`,
      version: model().sha256 ?? null,
    };
  if (name.startsWith('aged'))
    return {
      ...who,
      state: 'PREDICTED',
      label: 31.5 as never,
      windows: numbers(item),
      version: model().sha256 ?? null,
      millis: 41.5,
    };
  const synthetic = name.startsWith('robot') ? 0.973 : name.startsWith('mixed') ? 0.612 : 0.184;
  return {
    ...who,
    state: 'PREDICTED',
    label: (synthetic > 0.5 ? 'synthetic' : 'human') as never,
    probability: Math.max(synthetic, 1 - synthetic),
    labels: { synthetic, human: 1 - synthetic },
    ...(item.row === undefined ? { windows: windows(item, synthetic) } : {}),
    version: model().sha256 ?? null,
    millis: 41.5,
  };
}

export const items: Handlers = {
  'POST /projects/:id/inboxes': (state) => {
    const made = inbox();
    state.inboxes = [...state.inboxes, made];
    return ok(made, 201);
  },
  'POST /projects/:id/items': (state, { raw, headers }) => {
    const refusal = state.refusedItems.shift();
    if (refusal !== undefined) return problem(...refusal);
    const text = raw.toString('latin1');
    const part = (pattern: RegExp) => pattern.exec(text)?.[1] ?? '';
    const isRow = headers['content-type'] === 'application/json';
    const made = {
      id: `0190a000-0000-7000-8000-00000000100${state.items.length}`,
      // Of a row: what its first cell says.
      name: isRow ? part(/"columns":\{"[^"]*":([^,}]*)/) : part(/filename="([^"]*)"/),
      inbox: isRow ? part(/"inbox":"([^"]*)"/) : part(/name="inbox"\r\n\r\n([^\r]*)/),
      ...(isRow ? { row: text } : {}),
      key: String(headers['idempotency-key']),
      bytes: raw.length,
      looks: 0,
    };
    state.items.push(made);
    return ok({ itemId: made.id, taskId: state.items.length, statusUrl: `/api/v1/items/${made.id}` }, 202);
  },
  'GET /items/:id': (state, _, id) => {
    const found = state.items.find((one) => one.id === id);
    if (found === undefined) return problem(404, 'not_found');
    if (state.unheardItems > 0) {
      state.unheardItems -= 1;
      return problem(503, 'unavailable');
    }
    found.looks += 1;
    const said = word(found);
    const rule = state.inboxes.find(({ id: inbox }) => inbox === found.inbox)?.inbox;
    const isAsked = rule?.crowd === 'UNCERTAIN' && (said.probability ?? 0) < (rule.askBelow ?? 0);
    const isAnswered = isAsked && state.peopleAnswered;
    const crowd = {
      state: isAnswered ? 'ANSWERED' : isAsked ? 'ASKED' : 'NOT_NEEDED',
      answers: isAnswered ? 3 : 0,
      wanted: isAsked ? 3 : 0,
      answer: isAnswered ? { voice: 'human' as never } : {},
    } as const;
    return ok({
      itemId: found.id,
      taskId: 1,
      inbox: found.inbox,
      state: said.state,
      models: [said],
      ...(rule == null ? {} : { crowd }),
      createdAt: '2026-11-28T09:00:00Z',
    } satisfies Body<'ItemBody'>);
  },
};
