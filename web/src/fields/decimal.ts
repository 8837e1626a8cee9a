/** Decimal numbers as their digits: compared without the loss of a double. Pure. */

const FORM = /^([+-]?)(\d*)(?:[.,](\d*))?(?:[eE]([+-]?\d+))?$/;
/** Beyond it a number is written as a mistake, not measured. */
const LARGEST_EXPONENT = 400;

interface Parts {
  negative: boolean;
  whole: string;
  fraction: string;
}

function parse(text: string): Parts | null {
  const found = FORM.exec(text.trim());
  if (found === null) return null;
  const [, sign, whole = '', fraction = '', exponent = '0'] = found;
  if (whole === '' && fraction === '') return null;
  const power = Number(exponent);
  if (Math.abs(power) > LARGEST_EXPONENT) return null;
  const digits = whole + fraction;
  const point = whole.length + power;
  const padded = digits.padStart(digits.length - Math.min(0, point), '0').padEnd(Math.max(point, 0), '0');
  const at = Math.max(point, 0);
  return {
    negative: sign === '-',
    whole: padded.slice(0, at).replace(/^0+/, ''),
    fraction: padded.slice(at),
  };
}

/** The number as JSON writes it, with the digits that were typed; null when it is none. A comma is a point. */
export function plain(text: string): string | null {
  const parts = parse(text);
  if (parts === null) return null;
  const { negative, whole, fraction } = parts;
  const magnitude = (whole === '' ? '0' : whole) + (fraction === '' ? '' : `.${fraction}`);
  return negative && /[1-9]/.test(magnitude) ? `-${magnitude}` : magnitude;
}

/** Negative, zero or positive, as a is below, equal to or above b. Both must be numbers. */
export function compare(a: string, b: string): number {
  const [x, y] = [parse(a), parse(b)];
  if (x === null || y === null) throw new RangeError('not a number');
  const isZero = (p: Parts) => p.whole === '' && /^0*$/.test(p.fraction);
  const sign = (p: Parts) => (isZero(p) ? 0 : p.negative ? -1 : 1);
  if (sign(x) !== sign(y)) return sign(x) - sign(y);
  return sign(x) * magnitude(x, y);
}

function magnitude(x: Parts, y: Parts): number {
  if (x.whole.length !== y.whole.length) return x.whole.length - y.whole.length;
  const length = Math.max(x.fraction.length, y.fraction.length);
  const digits = (p: Parts) => p.whole + p.fraction.padEnd(length, '0');
  return digits(x) < digits(y) ? -1 : digits(x) > digits(y) ? 1 : 0;
}
