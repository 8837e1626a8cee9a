import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { Problem } from '../api/problem.ts';
import { loadTexts } from './index.ts';
import { problemText } from './problems.ts';
import { problems as first } from './ru/common.ts';
import more from './ru/problems.ts';

const INTERNAL = 'only the operator and the runner call the internal API';
const STRIPE = 'only Stripe sends its events';
const TOKEN = 'the console signs in and uses no personal token';
/** Codes that no browser meets, each with the reason. */
const PROGRAMS_ONLY: Readonly<Record<string, string>> = {
  billing_not_manual: INTERNAL,
  export_not_due: INTERNAL,
  fenced: INTERNAL,
  grant_conflict: INTERNAL,
  host_required: 'a browser always sends one Host',
  insufficient_scope: TOKEN,
  internal_token_missing: INTERNAL,
  internal_token_wrong: INTERNAL,
  invalid_event: STRIPE,
  invalid_grant: INTERNAL,
  out_of_order: INTERNAL,
  own_credentials: INTERNAL,
  prediction_not_due: INTERNAL,
  quota_exceeded: INTERNAL,
  run_held: INTERNAL,
  runner_token_missing: INTERNAL,
  runner_token_wrong: INTERNAL,
  session_required: TOKEN,
  signature_invalid: STRIPE,
  signature_missing: STRIPE,
  signature_stale: STRIPE,
  source_forbidden: INTERNAL,
};
/** What the console finds itself, without a server. */
const OWN = ['cancelled', 'console', 'file_changed', 'offline', 'unkept', 'unreadable'];

const listed = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
const codes = [...new Set([...listed.matchAll(/^\| \d{3} \| `(\w+)` \|/gm)].map(([, code]) => code ?? ''))];
const russian: Readonly<Record<string, string>> = { ...more, ...first };

describe('every code that a browser can meet', () => {
  it('is listed', () => {
    expect(codes.length).toBeGreaterThan(100);
  });

  it('has words in Russian', () => {
    const wordless = codes.filter((code) => !(code in PROGRAMS_ONLY) && !/[а-яё]/i.test(russian[code] ?? ''));
    expect(wordless).toEqual([]);
  });

  it('is one that there is, and so is every exception', () => {
    const known = new Set([...codes, ...OWN]);
    expect(Object.keys(russian).filter((code) => !known.has(code))).toEqual([]);
    expect(Object.keys(PROGRAMS_ONLY).filter((code) => !codes.includes(code) || code in russian)).toEqual([]);
  });
});

describe('a problem in Russian', () => {
  beforeAll(async () => {
    vi.stubGlobal('navigator', { languages: ['ru-RU'] });
    vi.stubGlobal('document', { documentElement: {} });
    await loadTexts();
    await vi.waitFor(() => expect(problemText(new Problem('invalid_spec', 'x', 422))).not.toBe('x'));
  });

  it('keeps what a rule of the cluster says', () => {
    const refused = new Problem('invalid_spec', 'The cluster refuses this: too many datasets.', 422);
    expect(problemText(refused)).toBe(`${more['invalid_spec']} The cluster refuses this: too many datasets.`);
  });

  it('leaves members at fault to the list below it', () => {
    const refused = new Problem('invalid_spec', 'Correct the members.', 422, { batchSize: 'too large' });
    expect(problemText(refused)).toBe(more['invalid_spec']);
  });
});
