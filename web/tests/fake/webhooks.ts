/** Endpoints of webhooks, the resources that speak for them, and what was sent there; a test event arrives with the second look at it. */
import { manifest, nothing, ok, problem, type Handlers } from './server.ts';
import { PROJECT, WEBHOOK, type State } from './state.ts';
import type { Body } from '../../src/api/client.ts';

export type FakeWebhook = Body<'WebhookBody'>;
export interface FakeDelivery {
  readonly endpoint: string;
  delivery: Body<'DeliveryBody'>;
  attempts: Body<'AttemptBody'>[];
}

const schema = (description: string) => ({ type: 'object', description });
const SCHEMAS = {
  'io.datacrowd.batch.ready.v1': schema('A batch is in the queue.'),
  'io.datacrowd.batch.done.v1': schema('Every task of a batch is approved or rejected.'),
  'io.datacrowd.export.ready.v1': schema('The file of an export can be downloaded.'),
  'io.datacrowd.payment.paid.v1': schema('The money of a payment arrived, or stays after a dispute.'),
  'io.datacrowd.webhook.tested.v1': schema('Somebody asked for an event to try an endpoint with.'),
};

const REFUSED = 'The answer was 503 Service Unavailable, where only 2xx counts.';

const webhook = (id: string, url: string, rest: Partial<FakeWebhook> = {}): FakeWebhook => ({
  id,
  url,
  eventTypes: [],
  projectId: null,
  description: '',
  state: 'ACTIVE',
  failingSince: null,
  disabledAt: null,
  disabledReason: null,
  previousSecretUntil: null,
  pending: 0,
  resource: null,
  createdAt: '2026-11-20T08:00:00Z',
  updatedAt: '2026-11-20T08:00:00Z',
  ...rest,
});

function delivery(state: State, endpoint: string, rest: Partial<Body<'DeliveryBody'>>): FakeDelivery {
  const id = state.id();
  return {
    endpoint,
    delivery: {
      id,
      eventId: `0197c0f0-0000-7000-8000-${String(id).padStart(12, '0')}`,
      type: 'io.datacrowd.batch.done.v1',
      subject: `batches/${id}`,
      sequence: id,
      state: 'DELIVERED',
      attempts: 1,
      nextAttemptAt: null,
      createdAt: '2026-11-27T08:00:00Z',
      endedAt: '2026-11-27T08:00:01Z',
      lastStatus: 204,
      lastFailure: null,
      ...rest,
    },
    attempts: [],
  };
}

/** One that works, with a log of every kind of row, one that fails, one that rests, one that was disabled. */
export function hooked(state: State): void {
  state.webhooks = [
    webhook(WEBHOOK, 'https://hooks.example.com/datacrowd/of-the-team-that-labels', {
      description: 'Starts the training when a batch is done',
      eventTypes: ['io.datacrowd.batch.done.v1', 'io.datacrowd.export.ready.v1'],
      projectId: PROJECT,
      pending: 1,
      resource: 'dc-clara-k3x9q/hooks-example-com-x7k2p',
      state: 'FAILING',
      failingSince: '2026-11-27T08:05:00Z',
    }),
    webhook('0190a000-0000-7000-8000-0000000000b2', 'https://example.org/hooks', { state: 'SUSPENDED' }),
    webhook('0190a000-0000-7000-8000-0000000000b3', 'https://old.example.net/in', {
      state: 'DISABLED',
      disabledAt: '2026-11-26T08:00:00Z',
      disabledReason:
        'Every attempt failed for 5 days, the latest one thus: The connection was refused; check that the endpoint is running.',
    }),
  ];
  const waits = delivery(state, WEBHOOK, {
    state: 'PENDING',
    attempts: 2,
    endedAt: null,
    nextAttemptAt: '2026-11-27T08:10:00Z',
    lastStatus: 503,
    lastFailure: REFUSED,
    createdAt: '2026-11-27T08:05:00Z',
  });
  waits.attempts = [
    {
      beganAt: '2026-11-27T08:05:05Z',
      millis: 1240,
      status: 503,
      answer: '<h1>Busy</h1>\n<p>Come back later.</p>',
      failure: REFUSED,
    },
    {
      beganAt: '2026-11-27T08:05:00Z',
      millis: 15_000,
      status: null,
      answer: null,
      failure: 'No answer came within 15 seconds; answer first, and work afterwards.',
    },
  ];
  const failed = delivery(state, WEBHOOK, {
    type: 'io.datacrowd.export.ready.v1',
    subject: 'exports/0190a000-0000-7000-8000-0000000000e1',
    state: 'FAILED',
    attempts: 10,
    lastStatus: null,
    lastFailure: 'The connection was refused; check that the endpoint is running.',
  });
  state.deliveries = [waits, failed, delivery(state, WEBHOOK, {})];
}

const find = (state: State, id: string) => state.webhooks.find((one) => one.id === id);
const isQuiet = (one: FakeWebhook) => one.state === 'SUSPENDED' || one.state === 'DISABLED';

function sentAgain(one: FakeDelivery): void {
  one.delivery = {
    ...one.delivery,
    state: 'PENDING',
    attempts: 0,
    lastFailure: null,
    lastStatus: null,
    endedAt: null,
    nextAttemptAt: new Date().toISOString(),
  };
}

export const webhooks: Handlers = {
  'GET /events/schemas': () => ok(SCHEMAS),
  'GET /webhook-endpoints': (state) => ok({ items: state.webhooks, nextCursor: null }),
  'POST /webhook-endpoints': (state, { body }) => {
    const url = String(body['url']);
    if (state.webhooks.some((one) => one.url === url)) return problem(409, 'webhook_endpoint_taken');
    if (url.includes('@')) return problem(422, 'invalid_request', { url: 'url must hold no user name' });
    const made = webhook(state.webhooks.length === 0 ? WEBHOOK : crypto.randomUUID(), url, {
      ...(body as Partial<FakeWebhook>),
      resource: `dc-clara-k3x9q/${new URL(url).host.replaceAll('.', '-')}-x7k2p`,
    });
    state.webhooks = [made, ...state.webhooks];
    return ok(made, 201);
  },
  'GET /webhook-endpoints/:id': (state, _, id) => {
    const one = find(state, id ?? '');
    return one === undefined ? problem(404, 'not_found') : ok(one);
  },
  'GET /webhook-endpoints/:id/manifest': (state, _, id) => {
    const one = find(state, id ?? '');
    const name = one?.resource?.split('/').at(-1);
    return one === undefined || name === undefined
      ? problem(404, 'not_found')
      : manifest('Webhook', name, `  url: ${one.url}\n`);
  },
  'PATCH /webhook-endpoints/:id': (state, { body }, id) => {
    const one = find(state, id ?? '');
    if (one === undefined) return problem(404, 'not_found');
    const { suspended, ...rest } = body;
    Object.assign(one, rest);
    if (suspended === true) one.state = 'SUSPENDED';
    if (suspended === false) Object.assign(one, { state: 'ACTIVE', disabledAt: null, disabledReason: null });
    return ok(one);
  },
  'DELETE /webhook-endpoints/:id': (state, _, id) => {
    state.webhooks = state.webhooks.filter((one) => one.id !== id);
    return nothing;
  },
  'POST /webhook-endpoints/:id/secret': (state, _, id) => {
    const one = find(state, id ?? '');
    if (one === undefined) return problem(404, 'not_found');
    one.previousSecretUntil = new Date(state.now() + 86_400_000).toISOString();
    state.secrets += 1;
    const secret = `whsec_${Buffer.from(`the signing secret, number ${state.secrets}`).toString('base64')}`;
    return ok({ secret, previousValidUntil: one.previousSecretUntil });
  },
  'POST /webhook-endpoints/:id/test': (state, _, id = '') => {
    const one = find(state, id);
    if (one === undefined) return problem(404, 'not_found');
    if (isQuiet(one)) return problem(409, 'webhook_endpoint_disabled');
    const now = new Date(state.now()).toISOString();
    const made = delivery(state, id, {
      type: 'io.datacrowd.webhook.tested.v1',
      subject: `webhook-endpoints/${id}`,
      state: 'PENDING',
      attempts: 0,
      createdAt: now,
      endedAt: null,
      nextAttemptAt: now,
      lastStatus: null,
    });
    state.deliveries = [made, ...state.deliveries];
    state.looks = 0;
    return ok(made.delivery, 202);
  },
  'GET /webhook-endpoints/:id/deliveries': (state, { query }, id) => {
    const wanted = query.get('state');
    const after = Number(query.get('cursor') ?? Infinity);
    const all = state.deliveries
      .filter(({ endpoint }) => endpoint === id)
      .map((one) => one.delivery)
      .filter((one) => wanted === null || one.state === wanted)
      .filter((one) => !Number.isFinite(after) || one.id < after);
    const limit = Number(query.get('limit') ?? 50);
    const items = all.slice(0, limit);
    return ok({ items, nextCursor: all.length > limit ? String(items.at(-1)?.id) : null });
  },
  'GET /webhook-endpoints/:id/deliveries/:delivery': (state, _, endpoint, id) => {
    const one = state.deliveries.find((d) => d.delivery.id === Number(id) && d.endpoint === endpoint);
    if (one === undefined) return problem(404, 'not_found');
    if (one.delivery.state === 'PENDING' && one.delivery.attempts === 0 && (state.looks += 1) > 1) {
      const beganAt = new Date(state.now()).toISOString();
      const isUp = !one.delivery.type.includes('tested') || !state.isHookDown;
      one.delivery = {
        ...one.delivery,
        attempts: 1,
        ...(isUp
          ? { state: 'DELIVERED', lastStatus: 200, endedAt: beganAt, nextAttemptAt: null }
          : { lastStatus: 503, lastFailure: REFUSED }),
      };
      one.attempts = [
        isUp
          ? { beganAt, millis: 87, status: 200, answer: '{"taken":true}', failure: null }
          : { beganAt, millis: 87, status: 503, answer: '<b>Busy</b>', failure: REFUSED },
        ...one.attempts,
      ];
    }
    return ok({ delivery: one.delivery, attempts: one.attempts });
  },
  'POST /webhook-endpoints/:id/deliveries/:delivery/resend': (state, _, endpoint, id) => {
    const one = state.deliveries.find((d) => d.delivery.id === Number(id) && d.endpoint === endpoint);
    if (one === undefined) return problem(404, 'not_found');
    sentAgain(one);
    return ok(one.delivery, 202);
  },
  'POST /webhook-endpoints/:id/resend': (state, { body }, id) => {
    const failed = state.deliveries.filter(
      ({ endpoint, delivery }) =>
        endpoint === id && delivery.state === 'FAILED' && delivery.createdAt >= String(body['since']),
    );
    failed.forEach(sentAgain);
    return ok({ resent: failed.length }, 202);
  },
};
