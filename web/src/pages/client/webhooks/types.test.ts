import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { webhooks as ru } from '../../../i18n/ru/webhooks.ts';
import { dayBefore, failureKey, groupsOf, shortOf } from './types.ts';
import { snippets } from './snippets.ts';

const schemas = {
  'io.datacrowd.batch.ready.v1': { description: 'A batch is in the queue.' },
  'io.datacrowd.export.ready.v1': { description: 'The file of an export can be downloaded.' },
  'io.datacrowd.batch.done.v1': {},
  'com.example.other': { description: 7 },
};

it('a type is called by what tells it apart', () => {
  expect(shortOf('io.datacrowd.batch.done.v1')).toBe('batch.done');
  expect(shortOf('io.datacrowd.batch.done.v2')).toBe('io.datacrowd.batch.done.v2');
});

it('types stand in groups of their first word, in the order of the server', () => {
  const found = groupsOf(schemas, { 'batch.done': 'Пакет готов.' }, '');
  expect(found.map(({ word, types }) => [word, types.map(({ short }) => short)])).toEqual([
    ['batch', ['batch.ready', 'batch.done']],
    ['export', ['export.ready']],
    ['com', ['com.example.other']],
  ]);
  expect(found[0]?.types[1]?.meaning).toBe('Пакет готов.');
});

it.each([
  ['QUEUE', ['batch.ready']],
  ['ready batch', ['batch.ready']],
  ['  export ', ['export.ready']],
  ['nothing', []],
])('a search for %j finds %j', (search, expected) => {
  const found = groupsOf(schemas, {}, search).flatMap(({ types }) => types.map(({ short }) => short));
  expect(found).toEqual(expected);
});

it.each([
  ['The answer was 503 Service Unavailable, where only 2xx counts.', 'status'],
  ['The answer was 502 Bad Gateway, so it is asked less often for a while.', 'slow'],
  ['The answer was 301 Moved Permanently, a redirect, which is not followed; give …', 'redirect'],
  ['The answer was 410 Gone, by which it asks for nothing more.', 'gone'],
  ['No answer came within 15 seconds; answer first, and work afterwards.', 'timeout'],
  ['The connection was refused; check that the endpoint is running.', 'refused'],
  ['The host is at 10.0.0.1, which is no public address; give …', 'private'],
  ['Every attempt failed for 5 days, the latest one thus: The connection was refused; …', 'days'],
  ['Something new.', null],
])('%j is told as %s', (failure, key) => {
  expect(failureKey(failure)).toBe(key);
  if (key !== null) expect(ru.failures[key]).toMatch(/[а-яё]/i);
});

it('every type of the platform has its meaning in Russian, and its group a name', () => {
  const source = readFileSync(
    new URL('../../../../../crates/notifications/src/types.rs', import.meta.url),
    'utf8',
  );
  const all = [...source.matchAll(/^ {4}\w+ = "([a-z.]+)", \w+, "/gm)].map(([, name]) => name ?? '');
  expect(all.length).toBeGreaterThan(40);
  expect(Object.keys(ru.meanings)).toEqual(all);
  const words = new Set(all.map((name) => name.split('.')[0]));
  expect([...words].sort()).toEqual(Object.keys(ru.groups).sort());
});

it('a day before is a local time', () => {
  const now = new Date(2026, 10, 28, 10, 5).getTime();
  expect(dayBefore(now)).toBe('2026-11-27T10:05');
});

it('every snippet is short, and takes its secret from the environment', () => {
  for (const { language, code } of snippets) {
    expect(code.split('\n').length, language).toBeLessThanOrEqual(25);
    expect(code, language).toContain('WEBHOOK_SECRET');
    expect(code.toLowerCase(), language).toContain('standardwebhooks');
    expect(code, language).not.toContain('whsec_');
  }
});
