import { expect, test } from 'vitest';
import { numbered, paged } from './queries.ts';

test('a list is read page by page until there is no cursor', async () => {
  const asked: unknown[] = [];
  const { queryFn, initialPageParam, getNextPageParam } = paged((cursor) => {
    asked.push(cursor);
    return Promise.resolve({ nextCursor: asked.length === 1 ? 'b7' : null });
  });
  const next = getNextPageParam(await queryFn({ pageParam: initialPageParam }));
  expect(getNextPageParam(await queryFn({ pageParam: next }))).toBeUndefined();
  expect(asked).toEqual([{}, { cursor: 'b7' }]);
});

test('a cursor goes back as a number where the API takes one', async () => {
  const asked: unknown[] = [];
  const { queryFn } = numbered((cursor) => {
    asked.push(cursor);
    return Promise.resolve({});
  });
  await queryFn({ pageParam: undefined });
  await queryFn({ pageParam: '17' });
  expect(asked).toEqual([{}, { cursor: 17 }]);
});
