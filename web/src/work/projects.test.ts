import { expect, it } from 'vitest';
import { byWork, isFinished } from './projects.ts';

const project = (name: string, open: number, done: number, mine: number) => ({
  name,
  progress: { open, done, mine },
});

it('projects with work for me come first, finished ones last, each kind in the order of the server', () => {
  const all = [
    project('finished', 0, 40, 0),
    project('not begun', 0, 0, 0),
    project('all answered by me', 3, 7, 10),
    project('begun', 12, 4, 2),
    project('finished by me', 0, 5, 5),
    project('new', 8, 0, 0),
  ];
  expect(byWork(all).map(({ name }) => name)).toEqual([
    'begun',
    'new',
    'all answered by me',
    'not begun',
    'finished',
    'finished by me',
  ]);
});

it('a project without tasks is not finished', () => {
  expect(isFinished(project('empty', 0, 0, 0))).toBe(false);
  expect(isFinished(project('under way', 1, 39, 0))).toBe(false);
  expect(isFinished(project('done', 0, 40, 40))).toBe(true);
});
