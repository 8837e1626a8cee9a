import type { Catalogue } from '../catalogue.ts';
import { pluralOf } from '../plural.ts';

const n = pluralOf('ru');
const seconds = (at: number) => at.toFixed(1).replace('.', ',');

export const tryit: Catalogue['tryit'] = {
  again: 'Сервер не ответил, запрос повторяется.',
  asked: (below, needsQuota) =>
    needsQuota
      ? `Ниже ${below} спрашивают людей — как только у проекта появится квота.`
      : `Ниже ${below} спрашивают людей.`,
  asking: 'Модель слушает…',
  askingLong: 'Ответа пока нет: возможно, модель ещё загружается или до вас есть другие отправленные.',
  askingRow: 'Модель отвечает…',
  asksAlways: 'Обо всём отправленном спросят людей; на это уходят суждения.',
  asksBelow: (below) => `Где модель уверена меньше чем на ${below}, спросят людей; на это уходят суждения.`,
  asksNobody: 'Никого не спросят, ничего не спишется.',
  asTable: 'Таблицей',
  at: (time, label, share) => `${time}: ${label} ${share}`,
  bandOther: 'Где вероятнее другая метка.',
  bandSeek: 'Укажите место, чтобы слушать с него.',
  bandOfNumbers: 'Число по ходу записи, от наименьшего до наибольшего; 0 — среди них.',
  bandText: (label) => `Вероятность метки «${label}» по ходу записи.`,
  byKubectl: 'Через kubectl',
  cannotPlay: 'Ваш браузер не воспроизводит такие файлы. Модель, возможно, всё равно его прочитает.',
  drop: 'Перетащите сюда записи или выберите их',
  dropHint: (most) =>
    `WAV, FLAC, MP3, AAC или Ogg Vorbis, не больше ${most} за раз. Отправляются сразу после выбора.`,
  inbox: 'Приёмник',
  inboxState: (name, state) => `${name} (${state})`,
  keptText: 'Отправленное хранится, пока приёмник не удалён.',
  kindText: (reads) =>
    `Эта модель читает ${reads}. Здесь можно испытать только модель записей из столбца file или числовых столбцов; эту запустите на наборе данных.`,
  label: (label, share) => `${label}, ${share}`,
  leans: (label, share) => `Скорее «${label}», ${share}.`,
  likeliest: 'Вероятнее всего',
  makeInbox: 'Создать приёмник',
  missing: 'Чего не хватает',
  missingText: 'Когда всё появится, страница продолжит сама.',
  moreLabels: (count) =>
    `и ещё ${n(count, { one: 'метка', few: 'метки', other: 'меток' })} с меньшей вероятностью`,
  noInbox: 'Приёмник',
  noInboxText: 'В проекте ещё нет приёмника, а отправленное поступает в него.',
  noRecording:
    'Судя по первым байтам, этот файл — не запись звука. Выберите файл WAV, FLAC, MP3, AAC или Ogg Vorbis.',
  noNumber: 'Введите число, например 12,5.',
  notWarm: 'Загруженная модель',
  notWarmText: 'Модель не держится загруженной, и сразу ответить некому.',
  notYet: 'ещё не ответила',
  numberAt: (time, number) => `${time}: ${number}`,
  open: 'Испытать',
  overTime: (model) => `Что говорит ${model} по ходу записи`,
  people: (answers, wanted) =>
    answers < wanted ? `Ответили ${answers} из ${wanted}.` : `Ответили люди (${answers}):`,
  position: 'Место в записи',
  probabilities: 'Вероятность каждой метки',
  rowHint: 'По числу для каждого столбца, который читает модель.',
  rowText: 'Отправьте строку и посмотрите, что скажет модель.',
  sendRow: 'Отправить',
  sending: 'Отправка',
  stages: {
    ASKING: 'ждёт ответа',
    CANCELLED: 'отменено',
    DONE: 'есть ответ',
    FAILED: 'нет ответа',
    SENDING: 'отправляется',
    WAITING: 'ждёт очереди',
  },
  stretch: (from, to) => `${seconds(from)}–${seconds(to)} с`,
  text: 'Отправьте запись и посмотрите, что скажет модель.',
  time: 'Время',
  title: (model) => `Испытать ${model}`,
  tries: (most) => `Что вы испытали сейчас, последние ${most}`,
  unsure: 'Не знаю',
  version: 'Версия',
  warm: 'Держать загруженной',
  windowsOf: (recording, model) => `Окна записи ${recording}, модель ${model}`,
};
