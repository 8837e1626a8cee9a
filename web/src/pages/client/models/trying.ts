/** What a model needs before it can be tried, and what one says of an item, in the order to show it. Pure. */
import type { Body } from '../../../api/client.ts';

type Model = Pick<Body<'ModelBody'>, 'id' | 'state' | 'input' | 'replicas'>;
type Word = Body<'ModelWordBody'>;

/** The column that recordings of an inbox have. */
const COLUMN = 'file';

export const canBeTried = ({ input }: Pick<Model, 'input'>): boolean =>
  input.kind === 'COLUMNS' || (input.kind === 'AUDIO' && input.column === COLUMN);

export type Need = 'KIND' | 'STATE' | 'WARM' | 'INBOX';

/** Nothing else is worth a word while the first two are not as they should be. */
export function needsOf(model: Model, inboxes: readonly unknown[]): Need[] {
  if (!canBeTried(model)) return ['KIND'];
  if (model.state !== 'READY') return ['STATE'];
  return [
    ...(model.replicas > 0 ? [] : (['WARM'] as const)),
    ...(inboxes.length > 0 ? [] : (['INBOX'] as const)),
  ];
}

/** The model that is tried comes first; others of the project that are kept loaded answer as well. */
export const wordsOf = (models: readonly Word[], modelId: string): Word[] => [
  ...models.filter((one) => one.modelId === modelId),
  ...models.filter((one) => one.modelId !== modelId),
];

/** A recording of one window has nothing to show over time. */
export const timelinesOf = (words: readonly Word[]): Word[] =>
  words.filter(({ windows }) => (windows ?? []).length > 1);

type Rule = Body<'InboxBody'>;

/** How sure a model has to be, where the inbox asks people about what it is less sure of. */
export const sureFrom = (rule: Rule | null | undefined): number | null =>
  rule?.crowd === 'UNCERTAIN' ? (rule.askBelow ?? null) : null;

/** Whether the model does not know by the inbox's own rule; what is just as sure as that is known. */
export const isUnsure = ({ state, probability }: Word, rule: Rule | null | undefined): boolean => {
  const least = sureFrom(rule);
  return state === 'PREDICTED' && least !== null && probability != null && probability < least;
};

export const MOST_BARS = 8;

/** Labels with their probabilities in the order of the model's file, so that tries compare; the likeliest where there are many. */
export function barsOf(
  labels: Readonly<Record<string, number>>,
  order: readonly string[],
): readonly (readonly [label: string, probability: number])[] {
  const place = new Map(order.map((label, at) => [label, at]));
  const all = Object.entries(labels);
  if (all.length > MOST_BARS) return all.toSorted((a, b) => b[1] - a[1]).slice(0, MOST_BARS);
  const at = (label: string) => place.get(label) ?? order.length;
  return all.toSorted((a, b) => at(a[0]) - at(b[0]));
}
