/** Numbers, times and sizes as the person's language writes them. */
import { language } from './index.ts';

const once = <T>(make: () => T): (() => T) => {
  let made: T | undefined;
  return () => (made ??= make());
};

const whole = once(() => new Intl.NumberFormat(language));
const decimal = once(() => new Intl.NumberFormat(language, { maximumFractionDigits: 1 }));
const percent = once(() => new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1 }));
const moment = once(() => new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }));

const hundredths = once(() => new Intl.NumberFormat(language, { maximumFractionDigits: 2 }));

const significant = once(() => new Intl.NumberFormat(language, { maximumSignificantDigits: 6 }));

export const formatNumber = (n: number): string => whole().format(n);
export const formatDecimal = (n: number): string => decimal().format(n);
export const formatHundredths = (n: number): string => hundredths().format(n);
/** A measured number of any size. */
export const formatValue = (n: number): string => significant().format(n);
export const formatShare = (share: number): string => percent().format(share);
export const formatTime = (rfc3339: string): string => moment().format(new Date(rfc3339));

/** Currencies whose minor unit is no hundredth, as Stripe counts it; `api-server/src/dispatch/words/money.rs` has the same. */
const MINOR_DIGITS: Readonly<Record<number, string>> = {
  0: 'BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF',
  3: 'BHD JOD KWD OMR TND',
};

/** An amount in its currency's minor unit, such as cents. */
export function formatMoney(minor: number, currency: string): string {
  const digits = [0, 3].find((count) => MINOR_DIGITS[count]?.includes(currency)) ?? 2;
  const style = {
    style: 'currency',
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  } as const;
  return new Intl.NumberFormat(language, style).format(minor / 10 ** digits);
}

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

export function formatBytes(bytes: number): string {
  const power = Math.min(UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const unit = UNITS[power] ?? 'byte';
  const style = { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 1 } as const;
  return new Intl.NumberFormat(language, style).format(bytes / 1000 ** power);
}

/** Minutes and seconds, `4:05`. */
export function formatSpan(seconds: number): string {
  const rest = String(Math.floor(seconds % 60)).padStart(2, '0');
  return `${Math.floor(seconds / 60)}:${rest}`;
}

/** A duration for people: seconds, else minutes. */
export function formatSeconds(seconds: number): string {
  const unit = seconds < 90 ? 'second' : 'minute';
  const value = unit === 'second' ? seconds : seconds / 60;
  return new Intl.NumberFormat(language, { style: 'unit', unit, maximumFractionDigits: 1 }).format(value);
}
