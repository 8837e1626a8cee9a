import type { Catalogue } from '../catalogue.ts';
import { pluralOf } from '../plural.ts';

const n = pluralOf('ru');

export const worker: Catalogue['worker'] = {
  answerNo: 'Ответ',
  answers: 'Мои ответы',
  anyStatus: 'все',
  balance: 'Баланс',
  finished: 'Все задания готовы',
  noAnswers: 'Ответов пока нет',
  noPoints: 'Баллов пока нет',
  noPointsWhy: 'Баллы приходят, когда ответ одобрен.',
  noProjects: 'Сейчас работы нет',
  noProjectsWhy:
    'Сейчас вам не открыт ни один проект. Новые появятся здесь сами; некоторые проекты принимают только исполнителей из своего списка.',
  open: 'Открыть',
  points: 'Баллы',
  projects: 'Работа',
  reviewerSays: 'Проверяющий:',
  start: 'Начать',
  status: 'Состояние',
  taskNo: (id) => `Задание ${id}`,
  when: 'Когда',
};

export const review: Catalogue['review'] = {
  answer: 'Ответ',
  approve: 'Одобрить',
  comment: 'Что не так?',
  commentHint: 'Это прочтёт автор ответа. Ctrl+Enter отклоняет.',
  done: (count) => `${n(count, { one: 'решение', few: 'решения', other: 'решений' })} за этот раз`,
  models: 'Что говорят модели: сначала оцените ответ сами',
  nothing: 'Нет ответов, которые ждут вашей проверки',
  nothingWhy: 'Новые ответы появятся, когда вы проверите ещё раз; ваши собственные проверяют другие.',
  previous: 'Решения до сих пор',
  recent: 'Уже писали:',
  reject: 'Отклонить',
  rejectTitle: 'Отклонить ответ',
  submitted: (time) => `Отправлен ${time}`,
  title: 'Проверка',
  undo: 'Отменить',
};
