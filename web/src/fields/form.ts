/** A whole form: its kinds by type, what is wrong with it, and which question a key belongs to. Pure. */
import { boolean } from './boolean/schema.ts';
import type { Fault, Field, Kind, Value, Values } from './kind.ts';
import { multiChoice } from './multi-choice/schema.ts';
import { number } from './number/schema.ts';
import { singleChoice } from './single-choice/schema.ts';
import { text } from './text/schema.ts';
import { writeJson } from '../api/json.ts';

const KINDS: Readonly<Record<string, Kind>> = {
  SINGLE_CHOICE: singleChoice as Kind,
  MULTI_CHOICE: multiChoice as Kind,
  TEXT: text as Kind,
  NUMBER: number as Kind,
  BOOLEAN: boolean as Kind,
};

export const FIELD_TYPES: readonly string[] = Object.keys(KINDS);

/** The rules of a field's type; undefined for one that only a newer server knows. */
export const kindOf = (field: Field): Kind | undefined => KINDS[field.type];

export const unknownFields = (fields: readonly Field[]): Field[] =>
  fields.filter((field) => kindOf(field) === undefined);

const each = <T>(fields: readonly Field[], make: (field: Field, kind: Kind) => T): Record<string, T> => {
  const made: Record<string, T> = {};
  for (const field of fields) {
    const kind = kindOf(field);
    if (kind !== undefined) made[field.name] = make(field, kind);
  }
  return made;
};

export const emptyValues = (fields: readonly Field[]): Values => each(fields, (_, kind) => kind.empty);

export function faults(fields: readonly Field[], values: Values): Record<string, Fault> {
  const wrong: Record<string, Fault> = {};
  for (const field of fields) {
    const kind = kindOf(field);
    if (kind === undefined) continue;
    const value = values[field.name] ?? kind.empty;
    const missing: Fault | null =
      field.required === true && kind.isEmpty(value) ? { what: 'required' } : null;
    const fault = missing ?? kind.check(field, value);
    if (fault !== null) wrong[field.name] = fault;
  }
  return wrong;
}

/** The answer as JSON text. */
export const answerText = (fields: readonly Field[], values: Values): string =>
  writeJson(each(fields, (field, kind) => kind.encode(values[field.name] ?? kind.empty)));

export const valuesOf = (fields: readonly Field[], answer: Readonly<Record<string, unknown>>): Values =>
  each(fields, (field, kind) => kind.decode(answer[field.name]));

const takesKeys = (field: Field): boolean => kindOf(field)?.choose !== undefined;

/**
 * The question that option keys answer: the one with the focus; else the one they answered last, while it takes
 * several; else the first that is not answered, counted on from the one answered last; else the last. Counted on: who
 * passed over a question that needs no answer is not led back to it by each later one.
 */
export function keyed(
  fields: readonly Field[],
  values: Values,
  focused: string | null,
  last: string | null,
): Field | null {
  const asking = fields.filter(takesKeys);
  const named = (name: string | null) => asking.find((field) => field.name === name);
  const isOpen = (field: Field) => kindOf(field)?.isEmpty(values[field.name] ?? null) ?? false;
  const lasting = named(last);
  const after = fields.findIndex((field) => field.name === last) + 1;
  return (
    named(focused) ??
    (lasting?.type === 'MULTI_CHOICE' ? lasting : undefined) ??
    fields.slice(after).find((field) => takesKeys(field) && isOpen(field)) ??
    asking.find(isOpen) ??
    asking.at(-1) ??
    null
  );
}

/** The neighbour of a question among those that take keys. */
export function neighbour(fields: readonly Field[], from: Field | null, step: 1 | -1): Field | null {
  const open = fields.filter(takesKeys);
  const at = open.findIndex((field) => field.name === from?.name);
  return open[(at + step + open.length) % open.length] ?? null;
}

export function chosen(field: Field, value: Value, index: number): Value {
  const choose = kindOf(field)?.choose;
  return choose === undefined ? value : choose(field, value, index);
}
