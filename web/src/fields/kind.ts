/** One field type's rules without a screen: what is empty, what is wrong, how it is written and read. */
import type { Body } from '../api/client.ts';

export type Field = Body<'FieldBody'>;
/** What a form holds for a field while it is filled in; a number is its digits. */
export type Value = string | readonly string[] | boolean | null;
export type Values = Readonly<Record<string, Value>>;

export type Fault =
  | { what: 'required' | 'notNumber' | 'notOption' }
  | { what: 'bounds'; minimum: string | null; maximum: string | null }
  | { what: 'tooLong'; most: number; by: number };

export interface Kind<V extends Value = Value> {
  readonly empty: V;
  /** Null when the value fits; an empty one is judged by the form, by `required`. */
  check(field: Field, value: V): Fault | null;
  /** As the API takes it; undefined leaves the field out. */
  encode(value: V): unknown;
  decode(raw: unknown): V;
  isEmpty(value: V): boolean;
  /** What the n-th option key does; absent where keys choose nothing. */
  choose?(field: Field, value: V, index: number): V;
  /** How many option keys it uses. */
  keys?(field: Field): number;
}
