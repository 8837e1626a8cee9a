/** YAML of plain values, as `kubectl apply` reads it. Pure. */
import { Digits } from '../api/json.ts';

type Plain =
  | string
  | number
  | boolean
  | null
  | undefined
  | Digits
  | readonly Plain[]
  | { readonly [key: string]: Plain };

/** What YAML would read as something else than the text it is. */
const OTHER = /^(?:true|false|yes|no|on|off|y|n|null|~|[-+]?[.\d].*)$/i;
const SAFE = /^[\p{L}_](?:[\p{L}\p{N} _./()'-]*[\p{L}\p{N}_./)'-])?$/u;

export function yaml(value: Plain): string {
  return `${lines(value, 0).join('\n')}\n`;
}

function lines(value: Plain, depth: number): string[] {
  const pad = '  '.repeat(depth);
  if (isList(value)) {
    return value.flatMap((item) => {
      const [first = '', ...rest] = lines(item, depth + 1);
      return [`${pad}- ${first.trimStart()}`, ...rest];
    });
  }
  if (isMap(value)) {
    return Object.entries(value).flatMap(([key, member]) =>
      member === undefined ? [] : entry(key, member, depth),
    );
  }
  return [pad + scalar(value)];
}

function entry(key: string, value: Plain, depth: number): string[] {
  const pad = '  '.repeat(depth);
  const name = text(key);
  if (isList(value))
    return value.length === 0 ? [`${pad}${name}: []`] : [`${pad}${name}:`, ...lines(value, depth)];
  if (isMap(value)) {
    const inner = lines(value, depth + 1);
    return inner.length === 0 ? [`${pad}${name}: {}`] : [`${pad}${name}:`, ...inner];
  }
  if (typeof value === 'string' && isBlock(value)) {
    const body = value.replace(/\n$/, '').split('\n');
    const style = value.endsWith('\n') ? '|' : '|-';
    return [`${pad}${name}: ${style}`, ...body.map((line) => (line === '' ? '' : `${pad}  ${line}`))];
  }
  return [`${pad}${name}: ${scalar(value)}`];
}

const isList = (value: Plain): value is readonly Plain[] => Array.isArray(value);
const isMap = (value: Plain): value is { readonly [key: string]: Plain } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Digits);

/** Several lines as they are read; not where the first is indented, or what ends it is more than one line's end. */
const isBlock = (value: string): boolean =>
  value.includes('\n') && !/^[\s]|\n\n$/.test(value) && !/[^\P{C}\n]/u.test(value) && !/[ \t]\n/.test(value);

function scalar(value: Plain): string {
  if (typeof value === 'string') return text(value);
  return value === null || value === undefined ? 'null' : String(value);
}

/** Quoted wherever it could be read as anything else; JSON's quotes are YAML's. */
const text = (value: string): string =>
  SAFE.test(value) && !OTHER.test(value) ? value : JSON.stringify(value);
