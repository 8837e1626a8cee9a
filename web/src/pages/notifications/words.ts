/** A notification as a sentence, and where it leads. */
import type { Notification, Topic } from '../../api/notifications.ts';
import type { Role } from '../../api/session.ts';
import { formatMoney } from '../../i18n/format.ts';
import { t } from '../../i18n/index.ts';

/** What is said of one; the members of `data` are the type's. */
export interface Told {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** `export.ready` of `io.datacrowd.export.ready.v1`; a name of another make stays. */
const shortOf = (type: string): string => /^io\.datacrowd\.(.+)\.v1$/.exec(type)?.[1] ?? type;

/** Members as they should be; a newer server may leave one out. */
function reader(data: Told['data']) {
  const text = (name: string): string => (typeof data[name] === 'string' ? data[name] : '');
  const number = (name: string): number | null => (typeof data[name] === 'number' ? data[name] : null);
  const money = (name: string): string => formatMoney(number(name) ?? 0, text('currency') || 'EUR');
  return { text, number, money };
}

export function sentenceOf({ type, data }: Told): string {
  const { text, number, money } = reader(data);
  const say = t.notifications.sayings;
  switch (shortOf(type)) {
    case 'export.ready':
      return say['export.ready'](text('name'), number('rows'));
    case 'export.failed':
      return say['export.failed'](text('name'));
    case 'export.expired':
      return say['export.expired'](text('name'));
    case 'dataset.failed':
      return say['dataset.failed'](text('name'), text('reason'));
    case 'dataset.completed':
      return say['dataset.completed'](text('name'));
    case 'payment.paid':
      return say['payment.paid'](money('amountCents'), number('granted') ?? 0);
    case 'payment.failed':
      return say['payment.failed'](money('amountCents'));
    case 'payment.refunded':
      return say['payment.refunded'](money('amountCents'), money('refundedCents'));
    case 'payment.disputed':
      return say['payment.disputed'](money('amountCents'));
    case 'payment.lost':
      return say['payment.lost'](money('amountCents'));
    case 'quota.low':
      return say['quota.low'](text('name'));
    case 'quota.exhausted':
      return say['quota.exhausted'](text('name'), number('used'));
    case 'webhook.disabled':
      return say['webhook.disabled'](text('url'));
    case 'worker.added':
      return say['worker.added']();
    case 'worker.blocked':
      return say['worker.blocked']();
    case 'worker.qualified':
      return say['worker.qualified'](number('correct'), number('total'));
    case 'worker.disqualified':
      return say['worker.disqualified'](text('action') !== 'REVIEW', number('correct'), number('total'));
    default:
      return t.notifications.unknown(shortOf(type));
  }
}

/** The page it leads to, where this person has one. */
export function targetOf({ type, data }: Told, role: Role): string | null {
  const { text } = reader(data);
  const at = (path: string, member: string, rest = ''): string | null =>
    text(member) === '' ? null : `${path}/${encodeURIComponent(text(member))}${rest}`;
  const isWorker = role === 'WORKER';
  switch (shortOf(type).split('.')[0]) {
    case 'export':
      return isWorker ? null : at('/client/projects', 'projectId', '/exports');
    case 'dataset':
      return isWorker ? null : at('/client/datasets', 'datasetId');
    case 'payment':
      return isWorker ? null : at('/client/payments', 'paymentId');
    // More judgements are bought there.
    case 'quota':
      return isWorker ? null : at('/client/projects', 'projectId');
    case 'webhook':
      return isWorker ? null : at('/client/webhooks', 'endpointId');
    case 'worker':
      return isWorker ? at('/work', 'projectId') : null;
    default:
      return null;
  }
}

/** What somebody can be told at all. */
export function topicsOf(role: Role): readonly Topic[] {
  const owners: readonly Topic[] = ['EXPORTS', 'DATASETS', 'PAYMENTS', 'WEBHOOKS'];
  if (role === 'WORKER') return ['QUALIFICATION'];
  return role === 'CLIENT' ? owners : [...owners, 'QUALIFICATION'];
}

/**
 * Ids that look unread until one leaves: what nobody has read, what an answer of this visit gave as unread (`before`), and, of pages that
 * came later, what was read no earlier than those.
 */
export function unreadOf(
  items: readonly Pick<Notification, 'id' | 'readAt'>[],
  before: ReadonlySet<number>,
): ReadonlySet<number> {
  const read = (readAt: string | null | undefined) => (readAt ? Date.parse(readAt) : Infinity);
  const here = items.filter(({ id }) => before.has(id)).map(({ readAt }) => read(readAt));
  const since = Math.min(Infinity, ...here);
  return new Set(items.filter((one) => before.has(one.id) || read(one.readAt) >= since).map(({ id }) => id));
}
