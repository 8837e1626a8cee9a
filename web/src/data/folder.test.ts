import { expect, test } from 'vitest';
import { tidy } from './folder.ts';

const named = (...names: string[]) => names.map((name) => ({ name, file: new File([], name) }));
const names = (...all: string[]) => tidy(named(...all)).map(({ name }) => name);

test('the folder that holds everything is no part of a name', () => {
  expect(names('clips/b.wav', 'clips/a/c.wav')).toEqual(['a/c.wav', 'b.wav']);
  expect(names('clips/a.wav', 'other/a.wav')).toEqual(['clips/a.wav', 'other/a.wav']);
  expect(names('a.wav', 'clips/b.wav')).toEqual(['a.wav', 'clips/b.wav']);
});

test('what systems leave in folders stays here', () => {
  expect(names('c/.DS_Store', 'c/a.wav', 'c/Thumbs.db', 'c/.git/x', 'c/desktop.ini')).toEqual(['a.wav']);
});
