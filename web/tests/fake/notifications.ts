/** What people are told, newest first, and what of it they want; the token of a mail stops one topic's. */
import { nothing, ok, problem, type Handlers } from './server.ts';
import { DATASET, PROJECT, WEBHOOK, type State } from './state.ts';
import type { Notification, NotificationSettings, Topic } from '../../src/api/notifications.ts';

export type FakeNotification = Omit<Notification, 'data'> & {
  readonly data: Record<string, unknown>;
  readonly user: string;
};

export const UNSUBSCRIBE = 'AbCdEf0123456789';
/** What the bot gave out. */
export const TELEGRAM_CODE = '7KQ2MX';
/** Wrong ones after which none is taken. */
const TRIES = 5;
const TOPICS: readonly Topic[] = ['EXPORTS', 'DATASETS', 'PAYMENTS', 'WEBHOOKS', 'QUALIFICATION'];
const EXPORT = '0190a000-0000-7000-8000-0000000000e1';
const PAYMENT = '0190a000-0000-7000-8000-0000000000f1';

/** One more, the newest of all. */
export function tell(
  state: State,
  username: string,
  topic: Topic,
  type: string,
  data: Record<string, unknown>,
  isRead = false,
): void {
  const user = state.users.find((one) => one.username === username)?.id ?? '';
  const id = (state.notifications[0]?.id ?? 0) + 1;
  const happenedAt = new Date(Date.UTC(2026, 10, 27, 8, id)).toISOString();
  state.notifications = [
    {
      id,
      user,
      topic,
      type: `io.datacrowd.${type}.v1`,
      projectId: typeof data['projectId'] === 'string' ? data['projectId'] : null,
      subject: `${type.split('.')[0]}s/${id}`,
      data,
      happenedAt,
      readAt: isRead ? happenedAt : null,
    },
    ...state.notifications,
  ];
}

const exported = { projectId: PROJECT, exportId: EXPORT };
const dataset = { projectId: PROJECT, datasetId: DATASET };
const payment = {
  projectId: PROJECT,
  paymentId: PAYMENT,
  judgements: 5000,
  granted: 5000,
  amountCents: 5000,
  refundedCents: 0,
  currency: 'EUR',
};

/** One of each for a client, the newest three unread; three for a worker, one of them unread; an administrator has read theirs. */
export function told(state: State): void {
  const clara = (topic: Topic, type: string, data: Record<string, unknown>, isRead = true) =>
    tell(state, 'clara', topic, type, data, isRead);
  clara('EXPORTS', 'export.ready', { ...exported, name: 'reviews', rows: null });
  clara('EXPORTS', 'export.failed', { ...exported, name: 'reviews-1' });
  clara('EXPORTS', 'export.expired', { ...exported, name: 'reviews-0' });
  clara('DATASETS', 'dataset.failed', { ...dataset, name: 'items-old', reason: 'BadInput' });
  clara('DATASETS', 'dataset.completed', { ...dataset, name: 'items-a1b2c' });
  clara('PAYMENTS', 'payment.paid', payment);
  clara('PAYMENTS', 'payment.failed', payment);
  clara('PAYMENTS', 'payment.refunded', { ...payment, refundedCents: 2000 });
  clara('PAYMENTS', 'payment.disputed', payment);
  clara('PAYMENTS', 'payment.lost', payment);
  clara('PAYMENTS', 'quota.exhausted', { projectId: PROJECT, name: 'reviews', used: 5000 }, false);
  clara('WEBHOOKS', 'webhook.disabled', { endpointId: WEBHOOK, url: 'https://hooks.example.com/in' }, false);
  clara('EXPORTS', 'export.ready', { ...exported, name: 'reviews-2', rows: 3708 }, false);
  tell(state, 'wanda', 'QUALIFICATION', 'worker.blocked', { projectId: PROJECT, worker: 'w-1' }, true);
  tell(state, 'wanda', 'QUALIFICATION', 'worker.added', { projectId: PROJECT, worker: null }, true);
  const judged = { projectId: PROJECT, worker: 'w-1', action: 'REVIEW', correct: 12, total: 20 };
  tell(state, 'wanda', 'QUALIFICATION', 'worker.disqualified', judged);
  tell(state, 'ada', 'EXPORTS', 'export.ready', { ...exported, name: 'reviews-2', rows: 1 }, true);
}

const mine = (state: State, user: string | null) => state.notifications.filter((one) => one.user === user);
const unreadOf = (state: State, user: string | null) =>
  mine(state, user).filter(({ readAt }) => readAt === null).length;

export function settingsOf(state: State, user: string | null): NotificationSettings {
  const kept = state.notificationSettings.get(user ?? '');
  const topics = TOPICS.map((topic) => ({ topic, inApp: true, email: true, telegram: true }));
  const telegram = { telegramBot: state.telegramBot, telegramLinked: state.telegramLinks.has(user ?? '') };
  return { language: 'en', topics, ...kept, ...telegram, emailAvailable: state.hasEmail };
}

export const notifications: Handlers = {
  'GET /me/notifications': (state, { user, query }) => {
    const cursor = query.get('cursor');
    const after = cursor === null ? Infinity : Number(cursor);
    const all = mine(state, user).filter(({ id }) => id < after);
    const limit = Number(query.get('limit') ?? 50);
    const items = all.slice(0, limit).map(({ user: _, ...one }) => one);
    const nextCursor = all.length > limit ? String(items.at(-1)?.id) : null;
    return ok({ items, nextCursor, unread: unreadOf(state, user) });
  },
  'POST /me/notifications/read': (state, { user, body }) => {
    const readAt = new Date(state.now()).toISOString();
    for (const one of mine(state, user)) if (one.id <= Number(body['upTo'])) one.readAt ??= readAt;
    return ok({ unread: unreadOf(state, user) });
  },
  'GET /me/notification-settings': (state, { user }) => ok(settingsOf(state, user)),
  'PUT /me/notification-settings': (state, { user, body }) => {
    const { language, topics } = body as unknown as NotificationSettings;
    const before = settingsOf(state, user);
    const changed = before.topics.map((one) => topics.find(({ topic }) => topic === one.topic) ?? one);
    state.notificationSettings.set(user ?? '', { ...before, language, topics: changed });
    return ok(settingsOf(state, user));
  },
  'POST /me/telegram': (state, { user, body }) => {
    const code = String(body['code']);
    state.telegramCodes.push(code);
    const wrong = state.telegramCodes.filter((one) => one !== TELEGRAM_CODE).length;
    if (wrong > TRIES) return problem(429, 'too_many_telegram_codes');
    if (code !== TELEGRAM_CODE)
      return problem(422, 'telegram_code_unknown', { code: 'The bot gave out no such code.' });
    state.telegramLinks.add(user ?? '');
    return nothing;
  },
  'DELETE /me/telegram': (state, { user }) => {
    state.telegramLinks.delete(user ?? '');
    return nothing;
  },
  'POST /unsubscribe/:token': (state, _, token) => {
    if (token !== UNSUBSCRIBE) return problem(404, 'unsubscribe_unknown');
    const clara = state.users.find(({ username }) => username === 'clara')?.id ?? '';
    const before = settingsOf(state, clara);
    const topics = before.topics.map((one) => (one.topic === 'EXPORTS' ? { ...one, email: false } : one));
    state.notificationSettings.set(clara, { ...before, topics });
    return ok({ topic: 'EXPORTS' });
  },
};
