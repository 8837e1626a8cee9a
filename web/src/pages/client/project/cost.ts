/** What labels cost that are so sure. Pure. */
import type { Body } from '../../../api/client.ts';

/** Judgements for so many items; nothing where their number is none. */
export function judgementsFor({ answersPerTask }: Body<'CostBody'>, items: string): number | null {
  if (!/^\d+$/.test(items.trim())) return null;
  return Math.ceil(Number(items) * answersPerTask);
}

/** Where the slider begins: at 90 % sure, or the surest below. */
export const firstAt = (costs: readonly Body<'CostBody'>[]): number =>
  Math.max(
    0,
    costs.findLastIndex(({ confidence }) => confidence <= 0.9),
  );
