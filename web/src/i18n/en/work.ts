import { pluralOf } from '../plural.ts';

const n = pluralOf('en');

export const work = {
  answer: 'Answer',
  discard: 'Discard',
  done: (done: number, all: number) => `${done} of ${n(all, { one: 'task', other: 'tasks' })} done`,
  elsewhere: 'You work on this project in another tab',
  elsewhereWhy:
    'Two tabs would take the same tasks from each other. Go on there, or take over here; nothing that you typed is lost.',
  instructions: 'Instructions',
  item: 'Item',
  kinds: { skip: 'Skip:', approve: 'Approved.', reject: 'Rejected:' },
  leaseOver: 'The time for this task is over and others may take it. What you entered is kept.',
  leasedUntil: (time: string) => `The next one may come free at ${time}.`,
  lookAgain: 'Look again',
  moveOn: 'Next task',
  noTask: 'No task for you just now',
  nothing: {
    PAUSED: 'The project is paused. Come back when its owner resumes it.',
    ENDED: 'The project has ended. Choose another one.',
    ALL_SEEN:
      'You have answered, reviewed or skipped every open task. Choose another project, or come back later.',
    ALL_LEASED: 'Every open task is with another worker. This page looks again by itself.',
    GENERATING: 'The tasks are still being made. This page looks again by itself.',
    IN_REVIEW: 'Every task is answered; some answers wait for their review.',
    DONE: 'Every task is done. Thank you. Choose another project.',
  },
  notices: {
    sent: 'Submitted.',
    skipped: 'Skipped.',
    tookBack: 'Taken back: change it and submit it again.',
    nothingToTakeBack: 'There is nothing to take back.',
    noReviewers: 'This answer counted at once: the project has no reviewers, so it cannot be taken back.',
    skipStays: 'A skipped task cannot be had back.',
    onItsWay: 'This answer is just being sent; try again in a moment.',
  },
  refused: 'Answers that need you',
  refusedGone:
    'It is not there any more: it was deleted, or its project was. Copy what you need, then discard it.',
  refusedTask: (id: number) => `Task ${id}:`,
  refusedWhy: 'The server did not take these. Nothing is thrown away until you do.',
  reopen: 'Open it again',
  retake: 'Take it again',
  sending: (count: number) => `${count} being sent`,
  skip: 'Skip',
  skipReason: 'Reason',
  skipReasons: ['It cannot be read or shown.', 'The language is not one of mine.', 'No option fits.'],
  skipText: 'The task goes to somebody else and does not come back to you. Say why:',
  skipTitle: 'Skip this task',
  submit: 'Submit',
  takeBack: 'Take back',
  takeOver: 'Work here',
  mine: (count: number) => `${n(count, { one: 'answer', other: 'answers' })} of yours`,
  reward: (points: number) => `${n(points, { one: 'point', other: 'points' })} per approved answer`,
  reviewIt: 'Review',
  toProjects: 'To the projects',
  timeLeft: 'Time left for this task',
  toWork: 'To work',
  unknownFields: (names: string) =>
    `This version of the console does not know how to ask: ${names}. Reload the page; if it stays, tell whoever runs the platform.`,
};
