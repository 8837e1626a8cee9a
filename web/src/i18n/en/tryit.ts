import { pluralOf } from '../plural.ts';

const n = pluralOf('en');
const seconds = (at: number) => at.toFixed(1);

export const tryit = {
  again: 'The server did not answer; it is asked again.',
  asked: (below: string, needsQuota: boolean) =>
    needsQuota
      ? `Below ${below} people are asked, as soon as the project has quota for it.`
      : `Below ${below} people are asked.`,
  asking: 'The model is listening…',
  askingLong: 'Still waiting. A predictor may be starting, or others’ items come first.',
  askingRow: 'The model is answering…',
  asksAlways: 'People are asked about everything you send, which costs judgements.',
  asksBelow: (below: string) =>
    `Where the model is less sure than ${below}, people are asked, which costs judgements.`,
  asksNobody: 'Nobody is asked and nothing is charged.',
  asTable: 'As a table',
  at: (time: string, label: string, share: string) => `${time}: ${label} ${share}`,
  bandOther: 'Where another label is likelier.',
  bandSeek: 'Choose a place to listen from there.',
  bandOfNumbers: 'The number over time, between the least and the greatest; 0 is among them.',
  bandText: (label: string) => `How likely “${label}” is, over time.`,
  byKubectl: 'With kubectl instead',
  cannotPlay: 'Your browser does not play this kind of file. The model may read it all the same.',
  drop: 'Drop recordings here, or choose them',
  dropHint: (most: number) =>
    `WAV, FLAC, MP3, AAC or Ogg Vorbis, up to ${most} at once. They are sent as soon as you choose them.`,
  inbox: 'Inbox',
  inboxState: (name: string, state: string) => `${name} (${state})`,
  keptText: 'What you send is kept until the inbox is deleted.',
  kindText: (reads: string) =>
    `This model reads ${reads}. Only a model of recordings in the column file, or of columns of numbers, can be tried here; apply this one to a dataset.`,
  label: (label: string, share: string) => `${label}, ${share}`,
  leans: (label: string, share: string) => `It leans to “${label}”, ${share}.`,
  likeliest: 'Likeliest',
  makeInbox: 'Make an inbox',
  missing: 'What is still needed',
  missingText: 'This page goes on by itself as soon as it is there.',
  moreLabels: (count: number) =>
    `and ${n(count, { one: 'label', other: 'labels' })} that it holds less likely`,
  noInbox: 'An inbox',
  noInboxText: 'The project has no inbox yet, and what you send arrives in one.',
  noRecording:
    'By its first bytes this file is no recording. Choose a file in WAV, FLAC, MP3, AAC or Ogg Vorbis.',
  noNumber: 'Write a number, such as 12.5.',
  notWarm: 'A predictor that keeps the model loaded',
  notWarmText: 'The model keeps no predictor loaded, so nothing would answer at once.',
  notYet: 'has not answered yet',
  numberAt: (time: string, number: string) => `${time}: ${number}`,
  open: 'Try it',
  overTime: (model: string) => `What ${model} says over time`,
  people: (answers: number, wanted: number) =>
    answers < wanted
      ? `${answers} of ${n(wanted, { one: 'person has', other: 'people have' })} answered.`
      : `${n(answers, { one: 'person', other: 'people' })} answered:`,
  position: 'Place in the recording',
  probabilities: 'Probability of each label',
  rowHint: 'A number for each column that the model reads.',
  rowText: 'Send a row, and see what the model makes of it.',
  sendRow: 'Send',
  sending: 'Sending',
  stages: {
    ASKING: 'being answered',
    CANCELLED: 'cancelled',
    DONE: 'answered',
    FAILED: 'not answered',
    SENDING: 'being sent',
    WAITING: 'waits its turn',
  },
  stretch: (from: number, to: number) => `${seconds(from)}–${seconds(to)} s`,
  text: 'Send a recording, and see what the model makes of it.',
  time: 'Time',
  title: (model: string) => `Try ${model}`,
  tries: (most: number) => `What you tried on this visit, the last ${most}`,
  unsure: 'Don’t know',
  version: 'Version',
  warm: 'Keep it loaded',
  windowsOf: (recording: string, model: string) => `Windows of ${recording} by ${model}`,
};
