import type { Kind } from '../kind.ts';

export const singleChoice: Kind<string | null> = {
  empty: null,
  check: (field, value) =>
    value === null || (field.options ?? []).includes(value) ? null : { what: 'notOption' },
  encode: (value) => value ?? undefined,
  decode: (raw) => (typeof raw === 'string' ? raw : null),
  isEmpty: (value) => value === null,
  choose(field, value, index) {
    const option = field.options?.[index];
    if (option === undefined) return value;
    // The chosen one again takes the choice back, where none is needed.
    return option === value && field.required !== true ? null : option;
  },
  keys: (field) => field.options?.length ?? 0,
};
