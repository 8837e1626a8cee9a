/** What the form of a new model collects, what is wrong with it, and the model it makes. Pure. */
import type { Body } from '../../../api/client.ts';
import type { Field } from '../../../fields/kind.ts';

type Project = Body<'ProjectBody'>;

export interface Draft {
  kind: 'AUDIO' | 'COLUMNS';
  /** Of AUDIO: the column with the recording. */
  column: string;
  audio: Record<AudioMember, string>;
  features: 'LOG_MEL' | 'WAVEFORM';
  logMel: Record<MelMember, string>;
  windows: 'MEAN' | 'MAX';
  /** Of COLUMNS: one a line. */
  columns: string;
  field: string;
  /** Whether the question wants a number, which has no labels. */
  wantsNumber: boolean;
  /** In the order of the file. */
  labels: string[];
  tensor: string;
}

export type AudioMember = 'sampleRateHz' | 'windowMillis' | 'hopMillis';
export type MelMember = 'nFft' | 'hop' | 'nMels' | 'fMin' | 'fMax';

/** What each fault is, for the catalogue. */
export type Fault = 'required' | 'range' | 'hop' | 'bands' | 'nyquist' | 'frame' | 'labels' | 'twice';
/** By the member of the request, as the server names it. */
export type Faults = Readonly<Record<string, Fault>>;

export const MOST_MODEL_BYTES = 256 * 1024 * 1024;
const FEWEST_LABELS = 2;

/** The limits of the API. */
export const RANGES: Readonly<Record<AudioMember | MelMember, readonly [number, number]>> = {
  sampleRateHz: [4000, 48_000],
  windowMillis: [100, 60_000],
  hopMillis: [50, 60_000],
  nFft: [64, 8192],
  hop: [16, 8192],
  nMels: [4, 256],
  fMin: [0, 24_000],
  fMax: [1, 24_000],
};
export const AUDIO_MEMBERS = ['sampleRateHz', 'windowMillis', 'hopMillis'] as const;
export const MEL_MEMBERS = ['nFft', 'hop', 'nMels', 'fMin', 'fMax'] as const;

type Numbers = Record<AudioMember | MelMember, number>;
/** What models of speech and sound are usually trained with. */
export const PRESETS: Readonly<Record<'telephone' | 'speech' | 'sound', Numbers>> = {
  telephone: {
    sampleRateHz: 8000,
    windowMillis: 2000,
    hopMillis: 1000,
    nFft: 256,
    hop: 80,
    nMels: 40,
    fMin: 60,
    fMax: 4000,
  },
  speech: {
    sampleRateHz: 16_000,
    windowMillis: 2000,
    hopMillis: 1000,
    nFft: 512,
    hop: 160,
    nMels: 64,
    fMin: 60,
    fMax: 8000,
  },
  sound: {
    sampleRateHz: 22_050,
    windowMillis: 5000,
    hopMillis: 2500,
    nFft: 2048,
    hop: 512,
    nMels: 128,
    fMin: 0,
    fMax: 11_025,
  },
};
export type Preset = keyof typeof PRESETS;

const ANSWERABLE: ReadonlySet<string> = new Set(['SINGLE_CHOICE', 'BOOLEAN', 'NUMBER']);

/** The questions that a model can answer. */
export const answerable = ({ labeling }: Pick<Project, 'labeling'>): Field[] =>
  (labeling?.fields ?? []).filter(({ type }) => ANSWERABLE.has(type));

/** What people may answer, which is where the labels begin; none of a number. */
export const labelsOf = (field: Field | undefined): string[] =>
  field === undefined ? [] : field.type === 'BOOLEAN' ? ['true', 'false'] : [...(field.options ?? [])];

export function newDraft(project: Pick<Project, 'labeling' | 'dataType'>): Draft {
  const recording = project.labeling?.display?.find(({ kind }) => kind === 'AUDIO')?.column;
  const [field] = answerable(project);
  const draft: Draft = {
    kind: recording !== undefined || project.dataType === 'AUDIO' ? 'AUDIO' : 'COLUMNS',
    column: recording ?? 'file',
    audio: { sampleRateHz: '', windowMillis: '', hopMillis: '' },
    features: 'LOG_MEL',
    logMel: { nFft: '', hop: '', nMels: '', fMin: '', fMax: '' },
    windows: 'MEAN',
    columns: '',
    field: '',
    wantsNumber: false,
    labels: [],
    tensor: '',
  };
  ask(draft, field);
  preset(draft, 'telephone');
  return draft;
}

/** Has the model answer this question. */
export function ask(draft: Draft, field: Field | undefined): void {
  draft.field = field?.name ?? '';
  draft.wantsNumber = field?.type === 'NUMBER';
  draft.labels = labelsOf(field);
}

/** Writes the numbers of a preset. */
export function preset(draft: Draft, name: Preset): void {
  for (const member of AUDIO_MEMBERS) draft.audio[member] = String(PRESETS[name][member]);
  for (const member of MEL_MEMBERS) draft.logMel[member] = String(PRESETS[name][member]);
}

/** Which preset the numbers are of, if of any. */
export function presetOf({ audio, logMel }: Draft): Preset | null {
  const is = (numbers: Numbers) =>
    AUDIO_MEMBERS.every((member) => whole(audio[member]) === numbers[member]) &&
    MEL_MEMBERS.every((member) => whole(logMel[member]) === numbers[member]);
  return (Object.keys(PRESETS) as Preset[]).find((name) => is(PRESETS[name])) ?? null;
}

const whole = (text: string): number | null => (/^\d+$/.test(text.trim()) ? Number(text) : null);
const numberOf = (text: string): number => whole(text) ?? 0;

export const columnsOf = ({ columns }: Pick<Draft, 'columns'>): string[] =>
  columns
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** Frames of a window's spectrogram; 0 where none fits. */
export function framesOf({ audio, logMel }: Pick<Draft, 'audio' | 'logMel'>): number {
  const [nFft, hop] = [numberOf(logMel.nFft), numberOf(logMel.hop)];
  const rest = samplesOf(audio) - nFft;
  return nFft === 0 || hop === 0 || rest < 0 ? 0 : Math.floor(rest / hop) + 1;
}

/** Samples of a window. */
export const samplesOf = (audio: Draft['audio']): number =>
  Math.floor((numberOf(audio.windowMillis) * numberOf(audio.sampleRateHz)) / 1000);

export function faultsOf(draft: Draft): Faults {
  const wrong: Record<string, Fault> = {};
  if (draft.field === '') wrong['output.field'] = 'required';
  if (!draft.wantsNumber && draft.labels.length < FEWEST_LABELS) wrong['output.labels'] = 'labels';
  Object.assign(wrong, draft.kind === 'AUDIO' ? audioFaults(draft) : columnFaults(draft));
  return wrong;
}

function columnFaults(draft: Draft): Faults {
  const columns = columnsOf(draft);
  if (columns.length === 0) return { 'input.columns': 'required' };
  return new Set(columns).size < columns.length ? { 'input.columns': 'twice' } : {};
}

function audioFaults({ column, audio, features, logMel }: Draft): Faults {
  const wrong: Record<string, Fault> = {};
  const check = (path: string, member: AudioMember | MelMember, text: string) => {
    const value = whole(text);
    const [least, most] = RANGES[member];
    if (value === null || value < least || value > most) wrong[path + member] = 'range';
  };
  if (column.trim() === '') wrong['input.column'] = 'required';
  for (const member of AUDIO_MEMBERS) check('input.audio.', member, audio[member]);
  if (features === 'LOG_MEL')
    for (const member of MEL_MEMBERS) check('input.audio.logMel.', member, logMel[member]);
  // What does not fit together is said only of numbers that are right by themselves.
  const together = { ...(features === 'LOG_MEL' ? melFaults(audio, logMel) : {}), ...hopFault(audio) };
  return { ...together, ...wrong };
}

const hopFault = (audio: Draft['audio']): Faults =>
  numberOf(audio.hopMillis) > numberOf(audio.windowMillis) ? { 'input.audio.hopMillis': 'hop' } : {};

function melFaults(audio: Draft['audio'], logMel: Draft['logMel']): Faults {
  const wrong: Record<string, Fault> = {};
  if (numberOf(logMel.fMin) >= numberOf(logMel.fMax)) wrong['input.audio.logMel.fMin'] = 'bands';
  if (numberOf(logMel.fMax) > numberOf(audio.sampleRateHz) / 2) wrong['input.audio.logMel.fMax'] = 'nyquist';
  if (framesOf({ audio, logMel }) === 0) wrong['input.audio.logMel.nFft'] = 'frame';
  return wrong;
}

/** The request, as far as the form is filled in. */
export function modelOf(draft: Draft, file: { sourceUri: string; sha256?: string }): Body<'NewModel'> {
  const tensor = draft.tensor.trim();
  const isAudio = draft.kind === 'AUDIO';
  return {
    ...file,
    input: isAudio
      ? { kind: 'AUDIO', column: draft.column.trim(), audio: audioOf(draft) }
      : { kind: 'COLUMNS', columns: columnsOf(draft) },
    output: {
      field: draft.field,
      ...(tensor === '' ? {} : { tensor }),
      ...(draft.wantsNumber ? {} : { labels: [...draft.labels] }),
      ...(isAudio ? { windows: draft.windows } : {}),
    },
  };
}

function audioOf({ audio, features, logMel }: Draft): Body<'AudioBody'> {
  const numbers = {
    sampleRateHz: numberOf(audio.sampleRateHz),
    windowMillis: numberOf(audio.windowMillis),
    hopMillis: numberOf(audio.hopMillis),
  };
  if (features === 'WAVEFORM') return { ...numbers, features };
  const mel = {
    nFft: numberOf(logMel.nFft),
    hop: numberOf(logMel.hop),
    nMels: numberOf(logMel.nMels),
    fMin: numberOf(logMel.fMin),
    fMax: numberOf(logMel.fMax),
  };
  return { ...numbers, features, logMel: mel };
}

/** A name that every part of the platform takes, of what the file is called here. */
export function fileNameOf(name: string): string {
  const stem = name
    .replace(/\.onnx$/i, '')
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 80);
  return `${stem === '' ? 'model' : stem}.onnx`;
}

/** A list with one of its members at another place. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const rest = list.filter((_, at) => at !== from);
  const [one] = list.slice(from, from + 1);
  if (one === undefined || to < 0 || to >= list.length) return [...list];
  return [...rest.slice(0, to), one, ...rest.slice(to)];
}
