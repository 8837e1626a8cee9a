/** What models and predictions say of themselves, in words. */
import type { Body } from '../../../api/client.ts';
import { formatDecimal, formatNumber, formatShare, formatValue } from '../../../i18n/format.ts';
import { t } from '../../../i18n/index.ts';
import { sureFrom } from './trying.ts';

type Model = Body<'ModelBody'>;

const known = (texts: Readonly<Record<string, string>>, key: string): string | undefined => texts[key];

export const stateOf = ({ state }: Pick<Model, 'state'>): string | undefined => known(t.models.states, state);

/** Why it is in this state: what its last run said, else what the state means. */
export const whyOf = ({ state, message }: Pick<Model, 'state' | 'message'>): string =>
  message ?? known(t.models.why, state) ?? '';

export const predictionWhyOf = ({
  state,
  message,
}: Pick<Body<'PredictionBody'>, 'state' | 'message'>): string =>
  message ?? known(t.models.predictionWhy, state) ?? '';

/** Why an item has no prediction; a reason that only a newer server knows is said in its own words. */
export const failureOf = ({ reason, message }: Body<'FailedItemBody'>): string =>
  known(t.models.failures, reason) ?? message;

export function readsOf({ input }: Pick<Model, 'input'>): string {
  if (input.kind === 'COLUMNS') return t.models.readsColumns(input.columns?.length ?? 0);
  if (input.audio == null) return input.kind;
  return t.models.readsAudio(input.column ?? '', formatDecimal(input.audio.sampleRateHz / 1000));
}

/** Mean milliseconds an item. */
export const perItemOf = ({ meanMicros }: Pick<Model, 'meanMicros'>): string =>
  meanMicros == null ? t.models.notMeasured : t.models.millisEach(formatDecimal(meanMicros / 1000));

/** A question as people read it. */
export const questionOf = (
  project: Pick<Body<'ProjectBody'>, 'labeling'> | undefined,
  field: string,
): string => project?.labeling?.fields.find(({ name }) => name === field)?.title ?? field;

/** A label as people read it: of yes or no, the words of the form; a number in their language. */
export const labelText = (label: unknown, isBoolean: boolean): string => {
  if (label === true || (isBoolean && label === 'true')) return t.form.yes;
  if (label === false || (isBoolean && label === 'false')) return t.form.no;
  if (typeof label === 'number') return formatValue(label);
  return typeof label === 'string' ? label : JSON.stringify(label);
};

/** What sending a recording to an inbox of this rule means for people, and for the quota. */
export const costsOf = (rule: Body<'InboxBody'> | null | undefined): string => {
  if (rule?.crowd === 'ALWAYS') return t.tryit.asksAlways;
  const least = sureFrom(rule);
  return least === null ? t.tryit.asksNobody : t.tryit.asksBelow(formatShare(least));
};

export const countOf = (n: number | null | undefined): string => (n == null ? '…' : formatNumber(n));
