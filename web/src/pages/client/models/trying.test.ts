import { describe, expect, it } from 'vitest';
import type { Body } from '../../../api/client.ts';
import { barsOf, isUnsure, MOST_BARS, needsOf, timelinesOf, wordsOf } from './trying.ts';

const model = {
  id: 'm1',
  state: 'READY',
  replicas: 1,
  input: { kind: 'AUDIO', column: 'file' } as Body<'InputBody'>,
};

describe('what a model needs', () => {
  it('is nothing where it is kept loaded and there is an inbox', () => {
    expect(needsOf(model, ['inbox'])).toEqual([]);
  });

  it('is said all at once', () => {
    expect(needsOf({ ...model, replicas: 0 }, [])).toEqual(['WARM', 'INBOX']);
    expect(needsOf(model, [])).toEqual(['INBOX']);
    expect(needsOf({ ...model, replicas: 0 }, ['inbox'])).toEqual(['WARM']);
  });

  it('is the same for a model of columns', () => {
    const columns = { kind: 'COLUMNS', columns: ['age'] } as Body<'InputBody'>;
    expect(needsOf({ ...model, replicas: 0, input: columns }, [])).toEqual(['WARM', 'INBOX']);
  });

  it('is not asked of what can never be tried, or cannot yet', () => {
    expect(needsOf({ ...model, input: { ...model.input, column: 'clip' } }, [])).toEqual(['KIND']);
    expect(needsOf({ ...model, state: 'CHECKING' }, [])).toEqual(['STATE']);
  });
});

describe('a model that does not know', () => {
  const word = (probability: number | null) => ({
    model: 'm',
    modelId: 'm',
    state: 'PREDICTED' as const,
    probability,
  });
  const rule = { crowd: 'UNCERTAIN' as const, askBelow: 0.9 };

  it('is less sure than its inbox asks for', () => {
    expect([0.89, 0.9, 0.95, null].map((p) => isUnsure(word(p), rule))).toEqual([true, false, false, false]);
    expect(isUnsure({ ...word(null), state: 'FAILED' }, rule)).toBe(false);
  });

  it('is none where people are asked about nothing, or about everything', () => {
    for (const other of [undefined, null, { crowd: 'NEVER' as const }, { crowd: 'ALWAYS' as const }])
      expect(isUnsure(word(0.1), other)).toBe(false);
  });
});

describe('what is shown of an answer', () => {
  it('is over time where there is more than one window', () => {
    const window = { startSeconds: 0, endSeconds: 1, probabilities: {} };
    const of = (windows?: (typeof window)[]) => ({
      model: 'm',
      modelId: String(windows?.length),
      state: 'PREDICTED' as const,
      ...(windows === undefined ? {} : { windows }),
    });
    const shown = timelinesOf([of(), of([window]), of([window, window])]);
    expect(shown.map(({ modelId }) => modelId)).toEqual(['2']);
  });

  it('has the tried model first', () => {
    const word = (modelId: string) => ({ model: modelId, modelId, state: 'QUEUED' as const });
    const order = wordsOf([word('m2'), word('m1'), word('m3')], 'm1').map(({ modelId }) => modelId);
    expect(order).toEqual(['m1', 'm2', 'm3']);
  });

  it('keeps the order of the file, whatever the server’s is', () => {
    expect(barsOf({ synthetic: 0.9, human: 0.1 }, ['human', 'synthetic'])).toEqual([
      ['human', 0.1],
      ['synthetic', 0.9],
    ]);
    expect(barsOf({ b: 0.5, a: 0.5 }, []).map(([label]) => label)).toEqual(['b', 'a']);
  });

  it('is the likeliest of many labels', () => {
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`l${i}`, i / 190]));
    const bars = barsOf(many, Object.keys(many));
    expect(bars).toHaveLength(MOST_BARS);
    expect(bars[0]?.[0]).toBe('l19');
  });
});
