/** What a client sets up a field with, by the field's type; the same table as the inputs', one column further. */
import type { Component } from 'svelte';
import type { Field } from './kind.ts';
import NumberBuilder from './number/Builder.svelte';
import OptionsBuilder from './single-choice/Builder.svelte';
import TextBuilder from './text/Builder.svelte';

export interface BuilderProps {
  field: Field;
  change: (part: Partial<Field>) => void;
  faultOf: (member: string) => string | null;
}

export interface BuilderOf {
  /** Absent where a type has nothing to set up. */
  readonly Builder?: Component<BuilderProps>;
  /** Members that belong to this type; others are dropped when the type changes. */
  readonly members: readonly (keyof Field)[];
}

export const BUILDERS: Readonly<Record<string, BuilderOf>> = {
  SINGLE_CHOICE: { Builder: OptionsBuilder, members: ['options'] },
  MULTI_CHOICE: { Builder: OptionsBuilder, members: ['options'] },
  TEXT: { Builder: TextBuilder, members: ['maxLength'] },
  NUMBER: { Builder: NumberBuilder, members: ['minimum', 'maximum'] },
  BOOLEAN: { members: [] },
};

const ALL: readonly (keyof Field)[] = ['options', 'maxLength', 'minimum', 'maximum'];

/** The field with another type, without what that type does not know. */
export function ofType(field: Field, type: string): Field {
  const members = BUILDERS[type]?.members ?? [];
  const dropped = ALL.filter((member) => !members.includes(member));
  return { ...field, type, ...Object.fromEntries(dropped.map((member) => [member, undefined])) };
}
