/** How the probabilities of each label are spread. Pure. */
import type { Body } from '../../../api/client.ts';

type Item = Pick<Body<'PredictionItemBody'>, 'label' | 'probability' | 'probabilities'>;

export const BINS = 10;
/** Items that are looked at for it. */
export const MOST_LOOKED_AT = 2000;

export interface Spread {
  readonly label: string;
  /** Items that got this label. */
  readonly chosen: number;
  /** Items by their probability of it: 0 to 10 %, and so on; 100 % is in the last. */
  readonly counts: readonly number[];
}

/** The bin of a probability. Tenths are no binary fractions: 0.3 is in the bin that begins with it. */
export const binOf = (probability: number): number =>
  Math.min(BINS - 1, Math.max(0, Math.floor(probability * BINS + 1e-9)));

/** A label as the model's file knows it: `true` is the text of it. */
export const labelKey = (label: unknown): string =>
  typeof label === 'string' ? label : JSON.stringify(label);

/** How numbers are spread between the least and the greatest; of several equal ones, all are in the first bin. */
export interface NumberSpread {
  readonly least: number;
  readonly most: number;
  readonly counts: readonly number[];
}

export function numberSpread(numbers: readonly number[]): NumberSpread {
  const [least, most] = numbers.reduce(
    ([low, high], number) => [Math.min(low, number), Math.max(high, number)],
    [Infinity, -Infinity],
  );
  const counts = Array.from({ length: BINS }, () => 0);
  for (const number of numbers) {
    const bin = most === least ? 0 : binOf((number - least) / (most - least));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { least, most, counts };
}

/** One of each label, in the order of `labels`; those that only the items know come after. */
export function spreads(items: readonly Item[], labels: readonly string[]): Spread[] {
  const found = new Map<string, { chosen: number; counts: number[] }>();
  const of = (label: string) => {
    const one = found.get(label) ?? { chosen: 0, counts: Array.from({ length: BINS }, () => 0) };
    found.set(label, one);
    return one;
  };
  for (const label of labels) of(label);
  for (const item of items) {
    of(labelKey(item.label)).chosen += 1;
    for (const [label, probability] of Object.entries(item.probabilities)) {
      const { counts } = of(label);
      const bin = binOf(probability);
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
  }
  return [...found].map(([label, one]) => ({ label, ...one }));
}

/** The labels that most items got, in the order in which they came. */
export function foremost(all: readonly Spread[], most: number): readonly Spread[] {
  if (all.length <= most) return all;
  const kept = new Set([...all].sort((one, other) => other.chosen - one.chosen).slice(0, most));
  return all.filter((one) => kept.has(one));
}
