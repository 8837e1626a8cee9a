import type { Catalogue } from '../catalogue.ts';
import { pluralOf } from '../plural.ts';

const n = pluralOf('ru');

export const common: Catalogue['common'] = {
  sessionOver: 'Войдите снова',
  sessionOverWhy: 'Сеанс завершён. Войдите и продолжайте с того же места; введённое не потеряно.',
  stay: 'Остаться',
  unsent: (count) =>
    `${n(count, { one: 'ответ ещё не дошёл', few: 'ответа ещё не дошли', other: 'ответов ещё не дошли' })} до сервера. Они останутся в этом браузере и уйдут, когда вы снова войдёте здесь.`,
  unsentTitle: 'Ответы ещё отправляются',
  cancel: 'Отмена',
  close: 'Закрыть',
  copied: 'Скопировано',
  copy: 'Копировать',
  copyCorrelation: 'Копировать идентификатор',
  copyFailed: 'Выделите и скопируйте вручную',
  correlation: 'Идентификатор запроса',
  forbidden: 'Нет доступа',
  forbiddenWhy: 'Эта страница для другой роли. Обратитесь к администратору.',
  inSeconds: (seconds) =>
    `Повторите через ${n(seconds, { one: 'секунду', few: 'секунды', other: 'секунд' })}.`,
  loading: 'Загрузка',
  more: 'Показать ещё',
  noPage: 'Такой страницы нет',
  noPageWhy: 'Проверьте адрес или начните с одной из ссылок выше.',
  offline: 'Нет сети. Ваши ответы хранятся здесь и уйдут, как только связь восстановится.',
  shownOnce: 'Показывается один раз, сохраните сейчас.',
  skipToContent: 'К содержанию',
  tryAgain: 'Повторить',
};

export const nav: Catalogue['nav'] = {
  account: 'Учётная запись',
  answers: 'Мои ответы',
  audit: 'Журнал',
  invitations: 'Приглашения',
  schedules: 'Расписание',
  main: 'Главное меню',
  notifications: 'Уведомления',
  payments: 'Платежи',
  points: 'Баллы',
  projects: 'Проекты',
  signOut: 'Выйти',
  unread: (count) => `непрочитанных: ${count}`,
  users: 'Пользователи',
  webhooks: 'Вебхуки',
  work: 'Работа',
};

/** What the parts of a project's page are called. */
export const tabs: Catalogue['tabs'] = {
  overview: 'Обзор',
  data: 'Данные',
  crowd: 'Исполнители',
  models: 'Модели',
  numbers: 'Показатели',
  quality: 'Качество',
  gold: 'Эталоны',
  exports: 'Выгрузки',
};

/** What the pages are called in the window's title that have no link in the menu. */
export const titles: Catalogue['titles'] = {
  dataset: 'Набор данных',
  model: 'Модель',
  newModel: 'Новая модель',
  newProject: 'Новый проект',
  payment: 'Платёж',
  prediction: 'Прогон модели',
  register: 'Регистрация',
  reset: 'Новый пароль',
  review: 'Проверка',
  signIn: 'Вход',
  tasks: 'Задания',
  tryit: 'Проба модели',
  unsubscribe: 'Отказ от писем',
  webhook: 'Вебхук',
};

export const form: Catalogue['form'] = {
  bounds: (least, most) =>
    least !== null && most !== null
      ? `Число от ${least} до ${most}`
      : least !== null
        ? `Число не меньше ${least}`
        : most !== null
          ? `Число не больше ${most}`
          : 'Число',
  charactersLeft: (left) => `Осталось ${n(left, { one: 'символ', few: 'символа', other: 'символов' })}`,
  clear: 'Сбросить',
  isRequired: 'Нужен ответ.',
  no: 'Нет',
  noAnswer: 'без ответа',
  notNumber: 'Это не число.',
  notOption: 'Такого варианта нет.',
  required: 'обязательно',
  tooLong: (most, by) => `Не больше ${most} символов; лишних: ${by}.`,
  suggested: 'Так считает модель. Исправьте, если это неверно.',
  unknownType: (type) =>
    `Эта версия консоли не знает вопросов типа ${type}. Обновите страницу или сообщите администратору платформы.`,
  yes: 'Да',
};

export const item: Catalogue['item'] = {
  emptyCell: 'пусто',
  fit: 'По размеру',
  imageFailed: 'Изображение не открывается. Пропустите задание и укажите это как причину.',
  larger: 'Крупнее',
  mediaFailed: 'Файл не воспроизводится. Пропустите задание и укажите это как причину.',
  mediaInPreview: (name) => `Здесь исполнители видят файл: ${name}`,
  more: (count) => `ещё ${count}`,
  smaller: 'Мельче',
  speed: 'Скорость',
  unknownKind: (kind) => `Эта версия консоли не знает данных вида ${kind}; ячейка показана как текст.`,
};

/** What may be said before anything else could be loaded; the others are in `problems.ts`. */
export const problems: Catalogue['problems'] = {
  offline: 'Сервер недоступен. Проверьте сеть; ничего не потеряно.',
  console: 'Ошибка на странице. Обновите её; если повторится, сообщите администратору платформы.',
  unreadable: 'Не удалось прочитать ответ сервера. Повторите чуть позже.',
  unavailable: 'Платформа сейчас не отвечает. Повторите чуть позже.',
  cancelled: 'Загрузка отменена.',
  lease_lost: 'Время задания истекло; возьмите его снова, пока оно открыто, или другое.',
  no_task_available: 'Сейчас для вас нет заданий.',
  payment_required: 'Квоты пока не хватает. Купите оценки и повторите; ничего не изменилось.',
  session_over: 'Сеанс завершён; войдите снова.',
};
