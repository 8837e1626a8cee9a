import { pluralOf } from '../plural.ts';

const n = pluralOf('en');

export const tryit = {
  again: 'The server did not answer; it is asked again.',
  asking: 'The model is listening…',
  askingLong: 'Still waiting. A predictor may be starting, or others’ recordings come first.',
  cannotPlay: 'Your browser does not play this kind of file. The model may read it all the same.',
  drop: 'Drop recordings here, or choose them',
  dropHint: (most: number) =>
    `WAV, FLAC, MP3, AAC or Ogg Vorbis, up to ${most} at once. They are sent as soon as you choose them.`,
  inbox: 'Inbox',
  inboxState: (name: string, state: string) => `${name} (${state})`,
  keptText: 'Nobody is asked and nothing is charged. What you send is kept until the inbox is deleted.',
  kindText: (reads: string) =>
    `This model reads ${reads}. Only a model of recordings in the column file can be tried here; apply this one to a dataset.`,
  label: (label: string, share: string) => `${label}, ${share}`,
  missing: 'What is still needed',
  missingText: 'This page goes on by itself as soon as it is there.',
  moreLabels: (count: number) =>
    `and ${n(count, { one: 'label', other: 'labels' })} that it holds less likely`,
  noInbox: 'An inbox',
  noInboxText:
    'The project has no inbox yet, and recordings arrive in one. Apply this with kubectl apply, or give it to whoever looks after your cluster.',
  noRecording:
    'By its first bytes this file is no recording. Choose a file in WAV, FLAC, MP3, AAC or Ogg Vorbis.',
  notWarm: 'A predictor that keeps the model loaded',
  notWarmText:
    'The model keeps no predictor loaded, so nothing would answer at once. Give it one: replicas: 1 in its YAML, or this command.',
  notYet: 'has not answered yet',
  open: 'Try it',
  probabilities: 'Probability of each label',
  sending: 'Sending',
  stages: {
    ASKING: 'being answered',
    CANCELLED: 'cancelled',
    DONE: 'answered',
    FAILED: 'not answered',
    SENDING: 'being sent',
    WAITING: 'waits its turn',
  },
  text: 'Send a recording, and see what the model makes of it.',
  title: (model: string) => `Try ${model}`,
  tries: (most: number) => `What you tried on this visit, the last ${most}`,
  version: 'Version',
};
