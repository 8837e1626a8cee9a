import { pluralOf } from '../plural.ts';

const n = pluralOf('en');

export const common = {
  sessionOver: 'Sign in again',
  sessionOverWhy: 'Your session is over. Sign in and go on where you are; nothing that you typed is lost.',
  stay: 'Stay',
  unsent: (count: number) =>
    `${n(count, { one: 'answer has', other: 'answers have' })} not arrived at the server yet. They stay in this browser and go out when you sign in here again.`,
  unsentTitle: 'Answers are on their way',
  cancel: 'Cancel',
  close: 'Close',
  copied: 'Copied',
  copy: 'Copy',
  copyCorrelation: 'Copy the correlation id',
  copyFailed: 'Select it and copy by hand',
  correlation: 'Correlation id',
  forbidden: 'Not for you',
  forbiddenWhy: 'This page is for another role. Ask an administrator for it.',
  inSeconds: (seconds: number) => `Try again in ${n(seconds, { one: 'second', other: 'seconds' })}.`,
  loading: 'Loading',
  more: 'Show more',
  noPage: 'There is no such page',
  noPageWhy: 'Check the address, or begin at one of the links above.',
  offline: 'You are offline. What you answer is kept here and sent as soon as the network is back.',
  shownOnce: 'It is shown this once; keep it now.',
  skipToContent: 'To the content',
  tryAgain: 'Try again',
};

export const nav = {
  account: 'Account',
  answers: 'My answers',
  audit: 'Audit',
  invitations: 'Invitations',
  schedules: 'Schedules',
  main: 'Main',
  notifications: 'Notifications',
  payments: 'Payments',
  points: 'Points',
  projects: 'Projects',
  signOut: 'Sign out',
  unread: (count: number) => `${count} unread`,
  users: 'Users',
  webhooks: 'Webhooks',
  work: 'Work',
};

/** What the parts of a project's page are called. */
export const tabs = {
  overview: 'Overview',
  data: 'Data',
  crowd: 'Crowd',
  models: 'Models',
  numbers: 'Numbers',
  quality: 'Quality',
  gold: 'Gold',
  exports: 'Exports',
};

/** What the pages are called in the window's title that have no link in the menu. */
export const titles = {
  dataset: 'Dataset',
  model: 'Model',
  newModel: 'New model',
  newProject: 'New project',
  payment: 'Payment',
  prediction: 'Prediction',
  register: 'Registration',
  reset: 'New password',
  review: 'Review',
  signIn: 'Sign in',
  tasks: 'Tasks',
  tryit: 'Try it',
  unsubscribe: 'Stop e-mails',
  webhook: 'Webhook',
};

export const form = {
  bounds: (least: string | null, most: string | null) =>
    least !== null && most !== null
      ? `A number from ${least} to ${most}`
      : least !== null
        ? `A number of at least ${least}`
        : most !== null
          ? `A number of at most ${most}`
          : 'A number',
  charactersLeft: (left: number) => `${n(left, { one: 'character', other: 'characters' })} left`,
  clear: 'Clear',
  isRequired: 'This needs an answer.',
  no: 'No',
  noAnswer: 'not answered',
  notNumber: 'This is no number.',
  notOption: 'This is none of the options.',
  required: 'required',
  tooLong: (most: number, by: number) => `At most ${most} characters; this has ${by} more.`,
  suggested: 'A model suggests this. Change it where it is wrong.',
  unknownType: (type: string) =>
    `This version of the console does not know questions of the type ${type}. Reload the page, or tell whoever runs the platform.`,
  yes: 'Yes',
};

export const item = {
  emptyCell: 'empty',
  fit: 'Fit',
  imageFailed: 'The image cannot be shown. Skip the task and say so in the reason.',
  larger: 'Larger',
  mediaFailed: 'The file cannot be played. Skip the task and say so in the reason.',
  mediaInPreview: (name: string) => `Workers see this file here: ${name}`,
  more: (count: number) => `${count} more`,
  smaller: 'Smaller',
  speed: 'Speed',
  unknownKind: (kind: string) =>
    `This version of the console does not know items of the kind ${kind}; the cell is shown as text.`,
};

/** Codes whose own message is not meant for a page; all others are said as the server says them. */
export const problems: Record<string, string> = {
  offline: 'The server cannot be reached. Check the network; nothing is lost.',
  console: 'Something in this page failed. Reload it; if it happens again, tell whoever runs the platform.',
  unreadable: 'The answer of the server cannot be read. Try again in a moment.',
  unavailable: 'The platform does not answer just now. Try again in a moment.',
  cancelled: 'The upload was cancelled.',
  payment_required:
    'There is not enough quota for this yet. Buy judgements, then try again; nothing was changed.',
  session_over: 'Your session is over; sign in again.',
};
