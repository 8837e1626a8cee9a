import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { reasons } from './ru/reasons.ts';

it('every reason of a condition has words in Russian, and no other', () => {
  const listed = readFileSync(new URL('../../../docs/reasons.md', import.meta.url), 'utf8');
  const all = [...listed.matchAll(/^\| `(\w+)` \|/gm)].map(([, reason]) => reason ?? '');
  expect(all.length).toBeGreaterThan(40);
  expect(Object.keys(reasons)).toEqual(all);
  expect(Object.values(reasons).filter((words) => !/[а-яё]/i.test(words))).toEqual([]);
});
