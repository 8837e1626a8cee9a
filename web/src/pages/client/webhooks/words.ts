/** What webhooks say of themselves, in words. */
import { language, t } from '../../../i18n/index.ts';
import { failureKey } from './types.ts';

/** Why it failed, in the person's language; what only a newer server says, in its own words. */
export const failureOf = (failure: string): string =>
  t.webhooks.failures[failureKey(failure) ?? ''] ?? failure;

export const saidOf = (state: string): string | undefined => t.webhooks.states[state];

export const formatMillis = (millis: number): string =>
  new Intl.NumberFormat(language, {
    style: 'unit',
    unit: millis < 1000 ? 'millisecond' : 'second',
    maximumFractionDigits: 1,
  }).format(millis < 1000 ? millis : millis / 1000);

/** To the second: attempts are seconds apart. */
export const formatMoment = (rfc3339: string): string =>
  new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(rfc3339));
