/** What the wizard collects, what is wrong with it, and the project it makes. Pure. */
import type { Body } from '../../../api/client.ts';
import type { Field } from '../../../fields/kind.ts';
import { compare, plain } from '../../../fields/decimal.ts';
import { mixOf } from '../project/gold.ts';

export interface Draft {
  displayName: string;
  description: string;
  dataType: string;
  instructions: string;
  display: { id: number; column: string; kind: string }[];
  externalIdColumn: string;
  fields: { id: number; field: Field }[];
  answersPerTask: string;
  reviewersPerAnswer: string;
  rewardPoints: string;
  lockMinutes: string;
  onReject: string;
  maxRejections: string;
  audience: string;
  /** The question whose answers become one label; none when empty. */
  consensusField: string;
  consensusMethod: string;
  /** How sure its label has to be before nobody else is asked; empty where every task gets as many answers. */
  confidence: string;
  maxAnswers: string;
  /** How many of a worker's first tasks have a known answer, and one in how many after that; none where both are empty. */
  goldOnboarding: string;
  goldEvery: string;
  /** The least share of right answers; empty where nothing is done about workers who are wrong. */
  minSkill: string;
  skillAction: string;
  minGold: string;
}

export const STEPS = ['item', 'questions', 'rules', 'preview'] as const;
export type Step = (typeof STEPS)[number];

/** What each fault is, for the catalogue. */
export type Fault = 'required' | 'name' | 'nameTwice' | 'options' | 'bounds' | 'number' | 'range';
export type Faults = Readonly<Record<string, Fault>>;

export const newDraft = (): Draft => ({
  displayName: '',
  description: '',
  dataType: 'TEXT',
  instructions: '',
  display: [],
  externalIdColumn: '',
  fields: [],
  answersPerTask: '1',
  reviewersPerAnswer: '1',
  rewardPoints: '0',
  lockMinutes: '10',
  onReject: 'REQUEUE',
  maxRejections: '3',
  audience: 'PUBLIC',
  consensusField: '',
  consensusMethod: 'MAJORITY_VOTE',
  confidence: '',
  maxAnswers: '5',
  goldOnboarding: '',
  goldEvery: '',
  minSkill: '',
  skillAction: 'WARN',
  minGold: '',
});

/** The questions whose answers can become one label. */
export const labelled = ({ fields }: Draft): Field[] =>
  fields.map(({ field }) => field).filter(({ type }) => type === 'SINGLE_CHOICE' || type === 'BOOLEAN');

const NAME = /^[A-Za-z][A-Za-z0-9_]{0,62}$/;

/** Most places that a task may have. */
export const MOST_ANSWERS = 25;
/** The limits of the API, in what the form asks for. */
const RANGES = {
  answersPerTask: [1, MOST_ANSWERS],
  reviewersPerAnswer: [0, 9],
  rewardPoints: [0, 1_000_000],
  lockMinutes: [1, 1440],
  maxRejections: [1, 100],
} as const;
/** The same of what may stay empty. */
const MAY_BE_EMPTY = {
  goldOnboarding: [0, 100],
  goldEvery: [2, 1000],
  minGold: [1, 1000],
} as const;

const whole = (text: string): number | null => (/^\d+$/.test(text.trim()) ? Number(text) : null);

export function faultsOf(draft: Draft, step: Step): Faults {
  if (step === 'item') return itemFaults(draft);
  if (step === 'questions') return questionFaults(draft);
  if (step === 'rules') return ruleFaults(draft);
  return {};
}

function itemFaults({ displayName, display }: Draft): Faults {
  const wrong: Record<string, Fault> = {};
  if (displayName.trim() === '') wrong['displayName'] = 'required';
  for (const { id, column } of display) if (column.trim() === '') wrong[`display.${id}`] = 'required';
  return wrong;
}

function questionFaults({ fields }: Draft): Faults {
  const wrong: Record<string, Fault> = fields.length === 0 ? { fields: 'required' } : {};
  const names = new Set<string>();
  for (const { id, field } of fields) {
    if (!NAME.test(field.name)) wrong[`${id}.name`] = 'name';
    else if (names.has(field.name)) wrong[`${id}.name`] = 'nameTwice';
    names.add(field.name);
    if (field.type.endsWith('_CHOICE') && (field.options ?? []).length === 0)
      wrong[`${id}.options`] = 'options';
    if (
      field.maxLength != null &&
      !(Number.isInteger(field.maxLength) && field.maxLength >= 1 && field.maxLength <= 100_000)
    )
      wrong[`${id}.maxLength`] = 'number';
    Object.assign(wrong, boundFaults(id, field));
  }
  return wrong;
}

function boundFaults(id: number, field: Field): Faults {
  const wrong: Record<string, Fault> = {};
  const bounds = (['minimum', 'maximum'] as const).filter((name) => field[name] != null);
  for (const name of bounds) if (plain(String(field[name])) === null) wrong[`${id}.${name}`] = 'number';
  const isBoth = bounds.length === 2 && Object.keys(wrong).length === 0;
  if (isBoth && compare(String(field.minimum), String(field.maximum)) > 0) wrong[`${id}.maximum`] = 'bounds';
  return wrong;
}

function ruleFaults(draft: Draft): Faults {
  const wrong: Record<string, Fault> = {};
  for (const [name, [least, most]] of Object.entries(RANGES)) {
    const value = whole(draft[name as keyof typeof RANGES]);
    if (value === null || value < least || value > most) wrong[name] = 'range';
  }
  for (const [name, [least, most]] of Object.entries(MAY_BE_EMPTY)) {
    const text = draft[name as keyof typeof MAY_BE_EMPTY].trim();
    const value = whole(text);
    if (text !== '' && (value === null || value < least || value > most)) wrong[name] = 'range';
  }
  if (overlapOf(draft) !== undefined) {
    const most = whole(draft.maxAnswers);
    if (most === null || most < (whole(draft.answersPerTask) ?? 1) || most > MOST_ANSWERS)
      wrong['maxAnswers'] = 'range';
  }
  return wrong;
}

const ALL_RANGES = { ...RANGES, ...MAY_BE_EMPTY };
export type Ranged = keyof typeof ALL_RANGES;

export const rangeOf = (name: Ranged): readonly [number, number] => ALL_RANGES[name];

const isLabelled = (draft: Draft): boolean =>
  labelled(draft).some(({ name }) => name === draft.consensusField);

/** How far tasks may grow. */
const overlapOf = (draft: Draft) =>
  isLabelled(draft) && draft.confidence !== ''
    ? { confidence: draft.confidence, maxAnswers: whole(draft.maxAnswers) }
    : undefined;

const goldMix = (draft: Draft) => mixOf(draft.goldOnboarding, draft.goldEvery) ?? undefined;

export const hasGold = (draft: Draft): boolean => goldMix(draft) !== undefined;

/** Whether answers are held against something: only then a skill can be asked for. */
export const isMeasured = (draft: Draft): boolean => isLabelled(draft) || hasGold(draft);

const qualificationOf = (draft: Draft) =>
  isMeasured(draft) && draft.minSkill !== ''
    ? {
        minSkill: draft.minSkill,
        action: draft.skillAction,
        minGold: hasGold(draft) ? (whole(draft.minGold) ?? undefined) : undefined,
      }
    : undefined;

const orNone = (text: string): string | undefined => (text.trim() === '' ? undefined : text.trim());

/** The request, as far as the form is filled in. */
export function projectOf(draft: Draft): Body<'NewProject'> {
  return {
    displayName: draft.displayName.trim(),
    description: orNone(draft.description),
    dataType: draft.dataType,
    labeling: {
      instructions: orNone(draft.instructions),
      display: draft.display.map(({ column, kind }) => ({ column: column.trim(), kind })),
      externalIdColumn: orNone(draft.externalIdColumn),
      fields: draft.fields.map(({ field }) => field),
      answersPerTask: whole(draft.answersPerTask),
      reviewersPerAnswer: whole(draft.reviewersPerAnswer),
      rewardPoints: whole(draft.rewardPoints),
      lockSeconds: (whole(draft.lockMinutes) ?? 0) * 60,
      onReject: draft.onReject,
      maxRejections: whole(draft.maxRejections),
      audience: draft.audience,
      consensus: isLabelled(draft)
        ? { field: draft.consensusField, method: draft.consensusMethod, ...overlapOf(draft) }
        : undefined,
      gold: goldMix(draft),
      qualification: qualificationOf(draft),
    },
  };
}

/** A key for the answer, of the question that people read. */
export function nameOf(title: string, taken: ReadonlySet<string>): string {
  const plainTitle = title
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_');
  const base = plainTitle.replace(/^[^a-z]+|_+$/g, '').slice(0, 40) || 'field';
  for (let n = 1; ; n += 1) {
    const name = n === 1 ? base : `${base}_${n}`;
    if (!taken.has(name)) return name;
  }
}
