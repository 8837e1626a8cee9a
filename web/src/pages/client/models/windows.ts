/** What a model says of a recording over time, as it is drawn. Pure. */
import type { Body } from '../../../api/client.ts';

export type Window = Body<'PredictedWindow'>;

/** A stretch of the band: windows overlap, so that each is shown where it is nearer than its neighbours. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  /** Of the label that is said of the whole recording; of a number, where it lies between the least one, or 0, and the greatest. */
  readonly height: number;
  /** The number, where the model says one. */
  readonly value: number | null;
  /** Whether that label is the likeliest here, too. */
  readonly agrees: boolean;
}

/** Neighbours part in the middle of what both heard; nothing is shown behind the end of the recording. */
export function stretches(windows: readonly Window[], label: string, seconds: number): readonly Stretch[] {
  const numbers = windows.flatMap(({ value }) => (value == null ? [] : [value]));
  const [least, most] = [Math.min(0, ...numbers), Math.max(0, ...numbers)];
  return windows.map((window, at) => {
    const [before, behind] = [windows[at - 1], windows[at + 1]];
    const { value = null, probabilities = {} } = window;
    const probability = probabilities[label] ?? 0;
    return {
      from: before === undefined ? window.startSeconds : (before.endSeconds + window.startSeconds) / 2,
      to: behind === undefined ? seconds : (window.endSeconds + behind.startSeconds) / 2,
      height: value === null ? probability : (value - least) / (most - least || 1),
      value,
      agrees: value !== null || Object.values(probabilities).every((other) => other <= probability),
    };
  });
}

export const stretchAt = (all: readonly Stretch[], seconds: number): Stretch | undefined =>
  all.find(({ to }) => seconds < to) ?? all.at(-1);

/** The likeliest label of a window. */
export const likeliest = ({ probabilities = {} }: Window): readonly [label: string, probability: number] =>
  Object.entries(probabilities).reduce((best, one) => (one[1] > best[1] ? one : best), ['', -1]);

/** The loudest sample of each of so many parts; what is loudest of all is 1. */
export function peaks(samples: Float32Array, parts: number): readonly number[] {
  const each = samples.length / parts;
  const found = Array.from({ length: parts }, (_, part) => {
    let most = 0;
    const end = Math.min(
      samples.length,
      Math.max(Math.floor((part + 1) * each), Math.floor(part * each) + 1),
    );
    for (let at = Math.floor(part * each); at < end; at += 1)
      most = Math.max(most, Math.abs(samples[at] ?? 0));
    return most;
  });
  const loudest = Math.max(...found);
  return loudest === 0 ? found : found.map((one) => one / loudest);
}

/** A path around the middle, from peaks beside each other. */
export function outline(heights: readonly number[], width: number, middle: number, most: number): string {
  const each = width / Math.max(1, heights.length);
  const two = (n: number) => Math.round(n * 100) / 100;
  const bars = heights.map((height, at) => {
    const half = Math.max(0.5, most * height);
    return `M${two((at + 0.5) * each)} ${two(middle - half)}v${two(2 * half)}`;
  });
  return bars.join('');
}
