/** What is wrong with the form of a new model, in words: what is seen here, else what the server says of a member. */
import type { Problem } from '../../../api/problem.ts';
import { formatNumber } from '../../../i18n/format.ts';
import { t } from '../../../i18n/index.ts';
import { RANGES, type Faults } from './draft.ts';

/** The fault of a member of the request, as its field shows it. */
export type FaultOf = (member: string) => string | null;

const MEMBERS: ReadonlySet<string> = new Set([
  'sourceUri',
  'input.column',
  'input.columns',
  'input.audio.sampleRateHz',
  'input.audio.windowMillis',
  'input.audio.hopMillis',
  'input.audio.logMel.nFft',
  'input.audio.logMel.hop',
  'input.audio.logMel.nMels',
  'input.audio.logMel.fMin',
  'input.audio.logMel.fMax',
  'output.field',
  'output.labels',
  'output.tensor',
]);

/** The cluster names a member of a list by its place. */
const fieldOf = (member: string): string => member.replace(/\[\d+\].*$/, '');

/** Members of a refusal that a field of the form shows. */
export const shownOf = (problem: Problem | null): string[] =>
  Object.keys(problem?.details ?? {}).filter((member) => MEMBERS.has(fieldOf(member)));

export function faultOf(faults: Faults, problem: Problem | null): FaultOf {
  return (member) => {
    const own = faults[member];
    if (own === 'range') {
      const [least, most] = RANGES[member.slice(member.lastIndexOf('.') + 1) as keyof typeof RANGES];
      return t.models.range(formatNumber(least), formatNumber(most));
    }
    if (own !== undefined) return t.models.faults[own];
    const told = Object.entries(problem?.details ?? {}).find(([name]) => fieldOf(name) === member)?.[1];
    return typeof told === 'string' ? told : null;
  };
}
