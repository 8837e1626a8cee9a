import type { Catalogue } from '../catalogue.ts';
import { pluralOf } from '../plural.ts';

const n = pluralOf('ru');
const judgements = (count: number) =>
  n(count, { one: 'оценка', few: 'оценки', many: 'оценок', other: 'оценки' });

export const notifications: Catalogue['notifications'] = {
  allRead: 'Отметить все прочитанными',
  allReadDone: 'Все уведомления прочитаны.',
  channels: { inApp: 'В консоли', email: 'По почте', telegram: 'Telegram' },
  emailLanguage: 'Язык писем',
  messageLanguage: 'Язык писем и сообщений в Telegram',
  none: 'Уведомлений пока нет',
  noneWhy: {
    WORKER: 'Здесь появится сообщение, когда проект примет вас или перестанет давать вам задания.',
    CLIENT:
      'Здесь появится сообщение, когда выгрузка готова, набор данных завершён или не удался, платёж изменился или вебхук отключён.',
    ADMIN: 'Здесь появится всё, что касается вас.',
  },
  noEmail: 'Эта платформа не отправляет писем.',
  noTelegram: 'Чтобы получать уведомления в Telegram, привяжите чат ниже.',
  sayings: {
    'export.ready': (name, rows) =>
      rows === null
        ? `Выгрузка ${name} готова.`
        : `Выгрузка ${name} готова: ${n(rows, { one: 'запись', few: 'записи', many: 'записей', other: 'записи' })}.`,
    'export.failed': (name) => `Выгрузка ${name} не удалась: записать файл не получилось.`,
    'export.expired': (name) => `Срок выгрузки ${name} вышел, её файл удалён.`,
    'dataset.failed': (name, reason) =>
      `Из набора данных ${name} не удалось сделать задания${reason === '' ? '' : ` (${reason})`}.`,
    'dataset.completed': (name) => `Набор данных ${name} завершён: по каждому заданию есть решение.`,
    'payment.paid': (amount, granted) => `Платёж на ${amount} получен: ${judgements(granted)}.`,
    'payment.failed': (amount) => `Платёж на ${amount} не прошёл.`,
    'payment.refunded': (amount, back) =>
      amount === back ? `Платёж на ${amount} возвращён.` : `Из платежа на ${amount} возвращено ${back}.`,
    'payment.disputed': (amount) =>
      `Платёж на ${amount} оспорен: банк плательщика удерживает деньги до решения.`,
    'payment.lost': (amount) => `Платёж на ${amount} потерян: банк плательщика забрал деньги.`,
    'quota.low': (name) => `В проекте ${name} осталась десятая часть оценок или меньше.`,
    'quota.exhausted': (name, used) =>
      used === null
        ? `В проекте ${name} закончились оценки.`
        : `В проекте ${name} закончились оценки. Израсходовано: ${judgements(used)}.`,
    'webhook.disabled': (url) => `Вебхук ${url} отключён: туда больше ничего не отправляется.`,
    'worker.added': () => 'Проект внёс вас в свой список: в нём можно работать.',
    'worker.blocked': () => 'Проект заблокировал вас и больше не даёт вам заданий.',
    'worker.qualified': (correct, total) => {
      const share = correct === null || total === null ? '' : ` (верны ${correct} из ${total})`;
      return `Ваши ответы в проекте соответствуют его требованиям${share}: вы можете работать в нём дальше.`;
    },
    'worker.disqualified': (isBlocked, correct, total) => {
      const share = correct === null || total === null ? '' : ` (${correct} из ${total})`;
      return `В одном из проектов слишком мало ваших ответов верны${share}: ${isBlocked ? 'он больше не даёт вам заданий' : 'ваши ответы в нём проверяются'}.`;
    },
  },
  saved: 'Сохранено.',
  settings: 'Уведомления',
  settingsLink: 'Выбрать, о чём сообщать',
  telegramCode: 'Код от бота',
  telegramCodeHint:
    'Шесть букв и цифр; код действует пять минут. Вводите только код, который запросили сами.',
  telegramLink: 'Привязать',
  telegramLinked: (bot) => `К учётной записи привязан чат с ${bot}.`,
  telegramOpen: (bot) => `Откройте ${bot} в Telegram`,
  telegramThen: ', отправьте ему /connect и введите код, который он даст.',
  telegramUnlink: 'Отвязать',
  topic: 'Тема',
  topics: {
    EXPORTS: 'Выгрузки',
    DATASETS: 'Наборы данных',
    PAYMENTS: 'Платежи',
    WEBHOOKS: 'Вебхуки',
    QUALIFICATION: 'Допуск к проектам',
  },
  topicsWhy: {
    EXPORTS: 'готова, не удалась, вышел срок',
    DATASETS: 'завершён, не удался',
    PAYMENTS: 'оплачен, не прошёл, возвращён, оспорен; оценки закончились',
    WEBHOOKS: 'отключён из-за ошибок',
    QUALIFICATION: 'внесли в список, допустили, заблокировали, мало верных ответов',
  },
  unknown: (type) => `Эта версия консоли не знает, что значит ${type}. Перезагрузите страницу.`,
  unreadMark: 'Не прочитано:',
  unsubscribe: 'Больше не присылать',
  unsubscribed: {
    EXPORTS: 'Писем о выгрузках больше не будет.',
    DATASETS: 'Писем о наборах данных больше не будет.',
    PAYMENTS: 'Писем о платежах больше не будет.',
    WEBHOOKS: 'Писем о вебхуках больше не будет.',
    QUALIFICATION: 'Писем о допуске к проектам больше не будет.',
  },
  unsubscribeText:
    'Нажмите кнопку, и писем такого рода больше не будет. Консоль сообщает о том же по-прежнему.',
  unsubscribeUnknown:
    'Ссылка недействительна. Откройте её из письма ещё раз или отключите письма в учётной записи.',
  unsubscribeSettings: 'Все настройки — в учётной записи.',
};
