/** What a person fills a field in with, by the field's type. */
import type { Component } from 'svelte';
import BooleanInput from './boolean/Input.svelte';
import type { Field, Value } from './kind.ts';
import MultiChoiceInput from './multi-choice/Input.svelte';
import NumberInput from './number/Input.svelte';
import SingleChoiceInput from './single-choice/Input.svelte';
import TextInput from './text/Input.svelte';

export interface InputProps {
  field: Field;
  value: Value;
  set: (value: Value) => void;
  /** Option keys answer this question now. */
  keyed: boolean;
  labelledby: string;
  describedby: string | undefined;
  invalid: boolean;
}

export const INPUTS: Readonly<Record<string, Component<InputProps>>> = {
  SINGLE_CHOICE: SingleChoiceInput,
  MULTI_CHOICE: MultiChoiceInput,
  TEXT: TextInput,
  NUMBER: NumberInput,
  BOOLEAN: BooleanInput,
};
