import { describe, expect, it } from 'vitest';
import type { Body } from '../../../api/client.ts';
import {
  answerable,
  ask,
  faultsOf,
  fileNameOf,
  framesOf,
  labelsOf,
  modelOf,
  moved,
  newDraft,
  preset,
  presetOf,
} from './draft.ts';

const labeling: Body<'LabelingBody'> = {
  display: [
    { column: 'text', kind: 'TEXT' },
    { column: 'clip', kind: 'AUDIO' },
  ],
  fields: [
    { name: 'note', type: 'TEXT' },
    { name: 'voice', type: 'SINGLE_CHOICE', options: ['human', 'synthetic'] },
    { name: 'noisy', type: 'BOOLEAN' },
    { name: 'age', type: 'NUMBER' },
  ],
};
const draft = () => newDraft({ labeling, dataType: 'AUDIO' });
const FILE = { sourceUri: 's3://b/ns/m.onnx' };

describe('a new model', () => {
  it('begins with what the project says', () => {
    expect(draft()).toMatchObject({ kind: 'AUDIO', column: 'clip', field: 'voice' });
    expect(draft().labels).toEqual(['human', 'synthetic']);
    expect(newDraft({ labeling: { fields: [] }, dataType: 'TEXT' })).toMatchObject({
      kind: 'COLUMNS',
      column: 'file',
      field: '',
      labels: [],
    });
  });

  it('answers questions of one choice, of yes or no, and of a number', () => {
    const fields = answerable({ labeling });
    expect(fields.map(({ name }) => name)).toEqual(['voice', 'noisy', 'age']);
    expect(labelsOf(fields[1])).toEqual(['true', 'false']);
    expect(labelsOf(fields[2])).toEqual([]);
  });

  it('has labels only where the question wants one of them', () => {
    const one = draft();
    ask(one, labeling.fields[3]);
    expect(faultsOf(one)).toEqual({});
    expect(modelOf(one, FILE).output).toEqual({ field: 'age', windows: 'MEAN' });
    ask(one, labeling.fields[1]);
    one.labels = ['human'];
    expect(faultsOf(one)).toEqual({ 'output.labels': 'labels' });
  });

  it('is right as every preset leaves it, and knows which one that is', () => {
    for (const name of ['telephone', 'speech', 'sound'] as const) {
      const one = draft();
      preset(one, name);
      expect(faultsOf(one)).toEqual({});
      expect(presetOf(one)).toBe(name);
    }
    const own = draft();
    own.audio.hopMillis = '999';
    expect(presetOf(own)).toBeNull();
  });

  it('counts the frames of a window as the platform does', () => {
    const one = draft();
    expect(framesOf(one)).toBe(197);
    one.logMel.nFft = '16000';
    expect(framesOf(one)).toBe(1);
    one.logMel.nFft = '16001';
    expect(framesOf(one)).toBe(0);
  });

  it('says of each number what is wrong with it', () => {
    const table: [change: (one: ReturnType<typeof draft>) => void, member: string, fault: string][] = [
      [(one) => (one.audio.sampleRateHz = '3999'), 'input.audio.sampleRateHz', 'range'],
      [(one) => (one.audio.windowMillis = '2 s'), 'input.audio.windowMillis', 'range'],
      [(one) => (one.audio.hopMillis = '2001'), 'input.audio.hopMillis', 'hop'],
      [(one) => (one.logMel.fMax = '4001'), 'input.audio.logMel.fMax', 'nyquist'],
      [(one) => (one.logMel.fMin = '4000'), 'input.audio.logMel.fMin', 'bands'],
      [(one) => (one.audio.windowMillis = '100'), 'input.audio.hopMillis', 'hop'],
      [(one) => (one.column = ' '), 'input.column', 'required'],
      [(one) => (one.labels = ['human']), 'output.labels', 'labels'],
      [(one) => (one.field = ''), 'output.field', 'required'],
    ];
    for (const [change, member, fault] of table) {
      const one = draft();
      change(one);
      expect(faultsOf(one)).toMatchObject({ [member]: fault });
    }
    const long = draft();
    long.logMel.nFft = '8192';
    long.audio.windowMillis = long.audio.hopMillis = '500';
    expect(faultsOf(long)).toEqual({ 'input.audio.logMel.nFft': 'frame' });
  });

  it('asks for no numbers that it does not send', () => {
    const one = draft();
    one.features = 'WAVEFORM';
    one.logMel.fMax = 'what';
    expect(faultsOf(one)).toEqual({});
    expect(modelOf(one, FILE).input.audio).toEqual({
      sampleRateHz: 8000,
      windowMillis: 2000,
      hopMillis: 1000,
      features: 'WAVEFORM',
    });
  });

  it('reads columns line by line, each once', () => {
    const one = { ...draft(), kind: 'COLUMNS' as const, columns: ' age \n\nheight\n' };
    expect(modelOf(one, FILE)).toEqual({
      ...FILE,
      input: { kind: 'COLUMNS', columns: ['age', 'height'] },
      output: { field: 'voice', labels: ['human', 'synthetic'] },
    });
    expect(faultsOf({ ...one, columns: 'age\nage' })).toEqual({ 'input.columns': 'twice' });
    expect(faultsOf({ ...one, columns: '\n' })).toEqual({ 'input.columns': 'required' });
  });

  it('names its output only where that is written', () => {
    const one = draft();
    one.tensor = ' probabilities ';
    expect(modelOf(one, { ...FILE, sha256: 'c0ffee' })).toMatchObject({
      sha256: 'c0ffee',
      output: { tensor: 'probabilities', windows: 'MEAN' },
    });
  });
});

describe('the order of labels', () => {
  it('changes by one move at a time, and not beyond its ends', () => {
    expect(moved(['a', 'b', 'c'], 0, 2)).toEqual(['b', 'c', 'a']);
    expect(moved(['a', 'b', 'c'], 2, 1)).toEqual(['a', 'c', 'b']);
    expect(moved(['a', 'b', 'c'], 1, 1)).toEqual(['a', 'b', 'c']);
    expect(moved(['a', 'b', 'c'], 0, -1)).toEqual(['a', 'b', 'c']);
    expect(moved(['a', 'b', 'c'], 2, 3)).toEqual(['a', 'b', 'c']);
    expect(moved(['a', 'b', 'c'], 7, 0)).toEqual(['a', 'b', 'c']);
  });
});

describe('the name of a file', () => {
  it.each([
    ['voice.onnx', 'voice.onnx'],
    ['Voice #2 (final).ONNX', 'Voice-2-final.onnx'],
    ['голос.onnx', 'model.onnx'],
    ['a/../b.onnx', 'a-b.onnx'],
  ])('%s becomes %s', (name, safe) => expect(fileNameOf(name)).toBe(safe));
});
