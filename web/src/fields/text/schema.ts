import type { Kind } from '../kind.ts';

/** Longest text where the form names none; as the server counts, in code points. */
export const DEFAULT_MOST = 10_000;

export const lengthOf = (text: string): number => [...text].length;

export const text: Kind<string> = {
  empty: '',
  check(field, value) {
    const most = field.maxLength ?? DEFAULT_MOST;
    // Units are never fewer than code points: most texts need no count.
    const length = value.length <= most ? value.length : lengthOf(value);
    return length > most ? { what: 'tooLong', most, by: length - most } : null;
  },
  encode: (value) => (value === '' ? undefined : value),
  decode: (raw) => (typeof raw === 'string' ? raw : ''),
  isEmpty: (value) => value.trim() === '',
};
