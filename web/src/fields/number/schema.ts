import { Digits } from '../../api/json.ts';
import { compare, plain } from '../decimal.ts';
import type { Field, Kind } from '../kind.ts';

/** A bound's digits, whichever way it came. */
export function boundOf(bound: Field['minimum']): string | null {
  return bound === undefined || bound === null ? null : String(bound);
}

export const number: Kind<string> = {
  empty: '',
  check(field, value) {
    if (value.trim() === '') return null;
    const digits = plain(value);
    if (digits === null) return { what: 'notNumber' };
    const minimum = boundOf(field.minimum);
    const maximum = boundOf(field.maximum);
    const below = minimum !== null && compare(digits, minimum) < 0;
    const above = maximum !== null && compare(digits, maximum) > 0;
    return below || above ? { what: 'bounds', minimum, maximum } : null;
  },
  encode(value) {
    const digits = plain(value);
    return digits === null ? undefined : new Digits(digits);
  },
  decode: (raw) => (typeof raw === 'number' || raw instanceof Digits ? String(raw) : ''),
  isEmpty: (value) => value.trim() === '',
};
