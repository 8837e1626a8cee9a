/** What the page of gold shows of its items, and what it sends. Pure. */
import type { Body } from '../../../api/client.ts';
import { shownValue } from './quality.ts';

/** How much gold is mixed in: nothing where both are empty or nought. What is no number is for the server to refuse. */
export function mixOf(onboarding: string, every: string): Body<'GoldMixBody'> | null {
  const number = (text: string) => (text.trim() === '' || Number(text) === 0 ? undefined : Number(text));
  const mix = { onboarding: number(onboarding), every: number(every) };
  return mix.onboarding === undefined && mix.every === undefined ? null : mix;
}

/** The main column of an item, else its first one, else its number. */
export function shownCell(
  labeling: Body<'LabelingBody'> | null | undefined,
  { payload, rowNo }: { payload: unknown; rowNo: number },
): string {
  const cells = payload as Record<string, unknown>;
  const main = labeling?.display?.[0]?.column ?? Object.keys(cells)[0];
  const cell = main === undefined ? undefined : cells[main];
  return cell === undefined || cell === null ? String(rowNo) : shownValue(cell);
}

/** What is right, field by field; without the field's name where there is one only. */
export function shownExpected(expected: Record<string, unknown>): string {
  const all = Object.entries(expected);
  const [only] = all;
  if (only !== undefined && all.length === 1) return shownValue(only[1]);
  return all.map(([field, value]) => `${field}: ${shownValue(value)}`).join(', ');
}

/** A file of gold: which column says what is right of which field. Nothing where its rows become tasks. */
export function goldOf(
  purpose: string,
  columns: Readonly<Record<string, string>>,
  explain: string,
): { purpose?: string; goldColumns?: Record<string, string>; explainColumn?: string } {
  if (purpose !== 'GOLD') return {};
  const named = Object.entries(columns).filter(([, column]) => column !== '');
  return {
    purpose,
    goldColumns: Object.fromEntries(named),
    ...(explain === '' ? {} : { explainColumn: explain }),
  };
}

/** The same as a form's members. */
export function goldMembers(...of: Parameters<typeof goldOf>): Record<string, string> {
  const { goldColumns, ...members } = goldOf(...of);
  return goldColumns === undefined ? {} : { ...members, goldColumns: JSON.stringify(goldColumns) };
}
