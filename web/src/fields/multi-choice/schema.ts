import type { Kind } from '../kind.ts';

export const multiChoice: Kind<readonly string[]> = {
  empty: [],
  check: (field, value) =>
    value.every((option) => (field.options ?? []).includes(option)) ? null : { what: 'notOption' },
  encode: (value) => (value.length === 0 ? undefined : value),
  decode: (raw) => (Array.isArray(raw) ? raw.filter((option) => typeof option === 'string') : []),
  isEmpty: (value) => value.length === 0,
  choose(field, value, index) {
    const option = field.options?.[index];
    if (option === undefined) return value;
    const chosen = value.includes(option) ? value.filter((other) => other !== option) : [...value, option];
    // In the form's order, whatever the order of the keys.
    return (field.options ?? []).filter((known) => chosen.includes(known));
  },
  keys: (field) => field.options?.length ?? 0,
};
