import { pluralOf } from '../plural.ts';

const n = pluralOf('en');
const judgements = (count: number) => n(count, { one: 'judgement', other: 'judgements' });

/** What a person is told, and what of it they want. */
export const notifications = {
  allRead: 'Mark all as read',
  allReadDone: 'All notifications are read.',
  channels: { inApp: 'In the console', email: 'E-mail', telegram: 'Telegram' },
  emailLanguage: 'Language of e-mails',
  messageLanguage: 'Language of e-mails and Telegram',
  none: 'No notifications yet',
  noneWhy: {
    WORKER: 'You are told here when a project takes you on or stops giving you tasks.',
    CLIENT:
      'You are told here when an export is ready, a dataset is done or failed, a payment changes, or a webhook is disabled.',
    ADMIN: 'Whatever concerns you appears here.',
  },
  noEmail: 'This platform sends no e-mail.',
  noTelegram: 'To be told in Telegram, link a chat below.',
  sayings: {
    'export.ready': (name: string, rows: number | null) =>
      rows === null
        ? `Export ${name} is ready.`
        : `Export ${name} is ready: ${n(rows, { one: 'record', other: 'records' })}.`,
    'export.failed': (name: string) => `Export ${name} failed: its file could not be written.`,
    'export.expired': (name: string) => `Export ${name} expired, and its file was removed.`,
    'dataset.failed': (name: string, reason: string) =>
      `Dataset ${name} failed: no tasks could be made of it${reason === '' ? '' : ` (${reason})`}.`,
    'dataset.completed': (name: string) => `Dataset ${name} is completed: every task has its decision.`,
    'payment.paid': (amount: string, granted: number) =>
      `A payment of ${amount} arrived: ${judgements(granted)}.`,
    'payment.failed': (amount: string) => `A payment of ${amount} failed.`,
    'payment.refunded': (amount: string, back: string) =>
      amount === back
        ? `A payment of ${amount} was refunded.`
        : `${back} of a payment of ${amount} was refunded.`,
    'payment.disputed': (amount: string) =>
      `A payment of ${amount} is disputed: the payer's bank holds the money until it has decided.`,
    'payment.lost': (amount: string) =>
      `A payment of ${amount} was lost: the payer's bank took the money back.`,
    'quota.low': (name: string) => `Project ${name} has a tenth of its judgements left, or less.`,
    'quota.exhausted': (name: string, used: number | null) =>
      used === null
        ? `Project ${name} has used up its judgements.`
        : `Project ${name} has used up its ${judgements(used)}.`,
    'webhook.disabled': (url: string) => `The webhook ${url} was disabled: nothing is sent there any more.`,
    'worker.added': () => 'A project has put you on its list: you can work in it.',
    'worker.blocked': () => 'A project has blocked you: it gives you no more tasks.',
    'worker.qualified': (correct: number | null, total: number | null) => {
      const share = correct === null || total === null ? '' : ` (${correct} of ${total} right)`;
      return `Your answers in a project are as good as it asks${share}: you can go on working in it.`;
    },
    'worker.disqualified': (isBlocked: boolean, correct: number | null, total: number | null) => {
      const share = correct === null || total === null ? '' : ` (${correct} of ${total})`;
      return `Too few of your answers in a project were right${share}: ${isBlocked ? 'it gives you no more tasks' : 'your answers in it are reviewed'}.`;
    },
  },
  saved: 'Saved.',
  settings: 'Notifications',
  settingsLink: 'Choose what you are told',
  telegramCode: 'Code from the bot',
  telegramCodeHint:
    'Six letters and digits, good for five minutes. Enter only a code that you asked for yourself.',
  telegramLink: 'Link',
  telegramLinked: (bot: string) => `Your account is linked with a chat with ${bot}.`,
  /** A link; the next goes on from it. */
  telegramOpen: (bot: string) => `Open ${bot} in Telegram`,
  telegramThen: ', send it /connect, and enter the code that it gives you.',
  telegramUnlink: 'Unlink',
  topic: 'Topic',
  topics: {
    EXPORTS: 'Exports',
    DATASETS: 'Datasets',
    PAYMENTS: 'Payments',
    WEBHOOKS: 'Webhooks',
    QUALIFICATION: 'Qualification',
  },
  topicsWhy: {
    EXPORTS: 'ready, failed, expired',
    DATASETS: 'completed, failed',
    PAYMENTS: 'paid, failed, refunded, disputed; judgements used up',
    WEBHOOKS: 'disabled because they failed',
    QUALIFICATION: 'put on a list, qualified, blocked, too few right answers',
  },
  unknown: (type: string) => `This version of the console does not know what ${type} means. Reload the page.`,
  unreadMark: 'Unread:',
  unsubscribe: 'Stop these e-mails',
  unsubscribed: {
    EXPORTS: 'You get no more e-mail about exports.',
    DATASETS: 'You get no more e-mail about datasets.',
    PAYMENTS: 'You get no more e-mail about payments.',
    WEBHOOKS: 'You get no more e-mail about webhooks.',
    QUALIFICATION: 'You get no more e-mail about your qualification.',
  },
  unsubscribeText:
    'You get no more of this kind of e-mail once you press the button. The console still tells you.',
  unsubscribeUnknown:
    'This link is not valid. Open it once more from the e-mail, or turn e-mails off in your account.',
  unsubscribeSettings: 'All settings are in your account.',
};
