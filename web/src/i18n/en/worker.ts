import { pluralOf } from '../plural.ts';

const n = pluralOf('en');

export const worker = {
  answerNo: 'Answer',
  answers: 'My answers',
  anyStatus: 'all',
  balance: 'Balance',
  finished: 'All tasks are done',
  noAnswers: 'No answers yet',
  noPoints: 'No points yet',
  noPointsWhy: 'Points come when an answer is approved.',
  noProjects: 'Nothing to work on just now',
  noProjectsWhy:
    'No project is open to you at the moment. New ones appear here by themselves; some projects take only workers on their list.',
  open: 'Open',
  points: 'Points',
  projects: 'Work',
  reviewerSays: 'Reviewer:',
  start: 'Start',
  status: 'Status',
  taskNo: (id: number) => `Task ${id}`,
  when: 'When',
};

export const review = {
  answer: 'The answer',
  approve: 'Approve',
  comment: 'What is wrong?',
  commentHint: 'Its author reads this. Ctrl+Enter rejects.',
  done: (count: number) => `${n(count, { one: 'decision', other: 'decisions' })} since you came`,
  models: 'What models say: judge the answer first',
  nothing: 'No answer waits for your review',
  nothingWhy: 'New answers appear here when you look again; your own are reviewed by others.',
  previous: 'Decisions so far',
  recent: 'Said before:',
  reject: 'Reject',
  rejectTitle: 'Reject this answer',
  submitted: (time: string) => `Submitted ${time}`,
  title: 'Review',
  undo: 'Undo',
};
