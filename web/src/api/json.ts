/** A number that a double would change: its digits, as they were written. */
export class Digits {
  constructor(readonly text: string) {}
  toString(): string {
    return this.text;
  }
}

type Reviver = (key: string, value: unknown, context?: { source?: string }) => unknown;

/** Reads JSON and keeps the digits of every number, where the engine tells them (else the nearest double). */
export function readJson<T>(text: string): T {
  const keep: Reviver = (_key, value, context) => {
    if (typeof value !== 'number' || context?.source === undefined) return value;
    return String(value) === context.source ? value : new Digits(context.source);
  };
  return JSON.parse(text, keep) as T;
}

/** Writes JSON; `Digits` go out as they are. */
export function writeJson(value: unknown): string {
  if (value instanceof Digits) return value.text;
  if (Array.isArray(value)) return `[${value.map((item) => writeJson(item ?? null)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${writeJson(member)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
