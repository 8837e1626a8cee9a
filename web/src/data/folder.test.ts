import { expect, test } from 'vitest';
import { archiveOf, tidy } from './folder.ts';

const named = (...names: string[]) => names.map((name) => ({ name, file: new File([], name) }));
const names = (...all: string[]) => tidy(named(...all)).map(({ name }) => name);

test('the folder that holds everything is no part of a name', () => {
  expect(names('clips/b.wav', 'clips/a/c.wav')).toEqual(['a/c.wav', 'b.wav']);
  expect(names('clips/a.wav', 'other/a.wav')).toEqual(['clips/a.wav', 'other/a.wav']);
  expect(names('a.wav', 'clips/b.wav')).toEqual(['a.wav', 'clips/b.wav']);
});

test('one zip alone is a folder, under a name that an address can hold', () => {
  expect(archiveOf(named('50% off #1?.ZIP'))).toBe('50- off -1-.ZIP');
  expect(archiveOf(named('a.zip', 'b.wav'))).toBeNull();
  expect(archiveOf(named('a.wav'))).toBeNull();
});

test('what systems leave in folders stays here', () => {
  expect(names('c/.DS_Store', 'c/a.wav', 'c/Thumbs.db', 'c/.git/x', 'c/desktop.ini')).toEqual(['a.wav']);
});
