import type { Catalogue } from '../catalogue.ts';

export const cost: Catalogue['cost'] = {
  answers: (answers) => `Ответов на элемент: ${answers}.`,
  confidence: (share) => `Надёжность метки: ${share}`,
  items: 'Элементы',
  judgements: (judgements) => `Оценок примерно: ${judgements}.`,
  now: (answers) => `Сейчас ответов на элемент: ${answers}.`,
  take: (judgements) => `Взять ${judgements}`,
  title: 'Сколько стоит надёжность',
  unsure: (share) => `Для ${share} элементов нынешних ответов не хватило бы: они стоят дороже.`,
  why: (field, tasks) =>
    `По последним ответам на «${field}», элементов: ${tasks}. Ответы берутся по одному, пока метка не станет такой надёжной.`,
};
