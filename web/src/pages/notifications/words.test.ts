import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { loadArea, loadTexts } from '../../i18n/index.ts';
import { notifications as en } from '../../i18n/en/notifications.ts';
import { notifications as ru } from '../../i18n/ru/notifications.ts';
import { sentenceOf, targetOf, topicsOf, unreadOf, type Told } from './words.ts';

vi.stubGlobal('document', { documentElement: {} });
const of = (short: string, data: Told['data'] = {}) => ({ type: `io.datacrowd.${short}.v1`, data });
const speak = async (language: string) => {
  vi.stubGlobal('navigator', { languages: [language] });
  await loadTexts();
  await loadArea('notifications');
};
/** Every space is a plain one: how money is parted depends on the engine's data. */
const said = (short: string, data: Told['data'] = {}) => sentenceOf(of(short, data)).replace(/\s/g, ' ');
const money = { amountCents: 5000, refundedCents: 2000, currency: 'EUR', granted: 5000 };

describe('a notification in English', () => {
  beforeAll(() => speak('en'));

  it.each([
    ['export.ready', { name: 'r-2', rows: 3708 }, 'Export r-2 is ready: 3,708 records.'],
    ['export.ready', { name: 'r-2', rows: 1 }, 'Export r-2 is ready: 1 record.'],
    ['export.ready', { name: 'r-2', rows: null }, 'Export r-2 is ready.'],
    ['dataset.failed', { name: 'd', reason: 'BadInput' }, 'no tasks could be made of it (BadInput).'],
    ['dataset.failed', { name: 'd' }, 'no tasks could be made of it.'],
    ['payment.paid', money, 'A payment of €50.00 arrived: 5,000 judgements.'],
    ['payment.refunded', money, '€20.00 of a payment of €50.00 was refunded.'],
    ['payment.failed', { amountCents: 5000, currency: 'JPY' }, 'A payment of ¥5,000 failed.'],
    ['payment.failed', { amountCents: 5007, currency: 'KWD' }, 'A payment of KWD 5.007 failed.'],
    ['payment.refunded', { ...money, refundedCents: 5000 }, 'A payment of €50.00 was refunded.'],
    ['quota.low', { name: 'p', used: 9 }, 'Project p has a tenth of its judgements left, or less.'],
    ['quota.exhausted', { name: 'p', used: null }, 'Project p has used up its judgements.'],
    ['quota.exhausted', { name: 'p', used: 7 }, 'Project p has used up its 7 judgements.'],
    [
      'worker.disqualified',
      { action: 'BLOCK', correct: 1, total: 9 },
      '(1 of 9): it gives you no more tasks.',
    ],
    ['worker.disqualified', { action: 'REVIEW' }, 'right: your answers in it are reviewed.'],
    ['worker.qualified', { correct: 8, total: 8 }, 'as good as it asks (8 of 8 right): you can go on'],
    ['moon.landed', {}, 'does not know what moon.landed means'],
  ])('%s of %j', (short, data, sentence) => {
    expect(said(short, data)).toContain(sentence);
  });
});

describe('a notification in Russian', () => {
  beforeAll(() => speak('ru'));

  it.each([
    ['export.ready', { name: 'r-2', rows: 3702 }, 'Выгрузка r-2 готова: 3 702 записи.'],
    ['export.ready', { name: 'r-2', rows: 5 }, 'Выгрузка r-2 готова: 5 записей.'],
    ['payment.paid', { ...money, granted: 21 }, 'Платёж на 50,00 € получен: 21 оценка.'],
  ])('%s of %j', (short, data, sentence) => {
    expect(said(short, data)).toBe(sentence);
  });

  it('says something else of every type, also where its data is another than expected', () => {
    const all = Object.keys(en.sayings).map((short) => said(short));
    expect(new Set(all).size).toBe(all.length);
    for (const sentence of all) expect(sentence).not.toMatch(/консоли не знает|undefined|null|NaN/);
  });
});

it('every type that is said is one of the platform', () => {
  const schemas = readFileSync(new URL('../../../../docs/event-schemas.json', import.meta.url), 'utf8');
  const types = Object.keys(JSON.parse(schemas) as object);
  const missing = Object.keys(en.sayings).filter((short) => !types.includes(of(short).type));
  expect(missing).toEqual([]);
  expect(Object.keys(ru.sayings)).toEqual(Object.keys(en.sayings));
});

it.each([
  ['export.ready', { projectId: 'p', exportId: 'e' }, '/client/projects/p/exports', null],
  ['dataset.failed', { projectId: 'p', datasetId: 'd' }, '/client/datasets/d', null],
  ['payment.paid', { projectId: 'p', paymentId: 'b' }, '/client/payments/b', null],
  ['quota.exhausted', { projectId: 'p' }, '/client/projects/p', null],
  ['webhook.disabled', { endpointId: 'w/x' }, '/client/webhooks/w%2Fx', null],
  ['worker.added', { projectId: 'p' }, null, '/work/p'],
  ['export.ready', {}, null, null],
  ['moon.landed', { projectId: 'p' }, null, null],
])('%s of %j leads a client to %s, a worker to %s', (short, data, client, worker) => {
  expect(targetOf(of(short, data), 'CLIENT')).toBe(client);
  expect(targetOf(of(short, data), 'ADMIN')).toBe(client);
  expect(targetOf(of(short, data), 'WORKER')).toBe(worker);
});

it('each is asked about the topics of their role', () => {
  expect(topicsOf('WORKER')).toEqual(['QUALIFICATION']);
  expect(topicsOf('CLIENT')).toEqual(['EXPORTS', 'DATASETS', 'PAYMENTS', 'WEBHOOKS']);
  expect([...topicsOf('ADMIN')].sort()).toEqual(Object.keys(en.topics).sort());
});

describe('what looks unread', () => {
  const one = (id: number, second: number | null) => ({
    id,
    readAt: second === null ? null : `2026-11-28T08:00:${String(second).padStart(2, '0')}.5Z`,
  });
  const ids = (items: ReturnType<typeof one>[], before: number[] = []) => [
    ...unreadOf(items, new Set(before)),
  ];

  it('is what nobody has read, also behind what somebody has', () => {
    expect(ids([one(9, null), one(7, 1), one(5, null), one(3, 1)])).toEqual([9, 5]);
    expect(ids([one(9, 2), one(7, 1)])).toEqual([]);
    expect(ids([])).toEqual([]);
  });

  it('is what was unread before this visit read it', () => {
    expect(ids([one(9, 4), one(7, 1), one(5, 4)], [9, 5])).toEqual([9, 5]);
    expect(ids([one(9, null), one(7, 1), one(5, null)], [9, 5])).toEqual([9, 5]);
  });

  it('is also what came with a later page, and was read by the same request or since', () => {
    expect(ids([one(9, 6), one(7, 4), one(5, 4), one(3, 3)], [9, 7])).toEqual([9, 7, 5]);
  });
});
