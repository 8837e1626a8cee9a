import type { Kind } from '../kind.ts';

export const boolean: Kind<boolean | null> = {
  empty: null,
  check: () => null,
  encode: (value) => value ?? undefined,
  decode: (raw) => (typeof raw === 'boolean' ? raw : null),
  isEmpty: (value) => value === null,
  choose(field, value, index) {
    if (index > 1) return value;
    const chosen = index === 0;
    return chosen === value && field.required !== true ? null : chosen;
  },
  keys: () => 2,
};
