import { describe, expect, it } from 'vitest';
import { faultsOf, nameOf, newDraft, projectOf, type Draft, type Step } from './model.ts';

const filled = (part: Partial<Draft> = {}): Draft => ({
  ...newDraft(),
  displayName: 'Reviews',
  fields: [{ id: 1, field: { name: 'rating', type: 'SINGLE_CHOICE', options: ['a'] } }],
  ...part,
});
const field = (part: object) => filled({ fields: [{ id: 1, field: { name: 'f', type: 'TEXT', ...part } }] });

describe('what is wrong with a step', () => {
  const rows: [string, Step, Draft, string[]][] = [
    ['nothing', 'item', filled(), []],
    ['no name', 'item', filled({ displayName: ' ' }), ['displayName']],
    [
      'a column without a name',
      'item',
      filled({ display: [{ id: 3, column: '', kind: 'TEXT' }] }),
      ['display.3'],
    ],
    ['no question', 'questions', filled({ fields: [] }), ['fields']],
    ['a key that the API refuses', 'questions', field({ name: '1st' }), ['1.name']],
    ['a choice without options', 'questions', field({ type: 'MULTI_CHOICE', options: [] }), ['1.options']],
    ['a bound that is no number', 'questions', field({ type: 'NUMBER', minimum: 'x' }), ['1.minimum']],
    [
      'bounds the wrong way round',
      'questions',
      field({ type: 'NUMBER', minimum: '2', maximum: '1.9' }),
      ['1.maximum'],
    ],
    ['no length', 'questions', field({ maxLength: 0 }), ['1.maxLength']],
    [
      'rules out of range',
      'rules',
      filled({ answersPerTask: '26', reviewersPerAnswer: '-1', lockMinutes: '' }),
      ['answersPerTask', 'reviewersPerAnswer', 'lockMinutes'],
    ],
  ];
  it.each(rows)('%s', (_, step, draft, expected) =>
    expect(Object.keys(faultsOf(draft, step))).toEqual(expected),
  );
});

it('two questions have two keys', () => {
  const twice = [1, 2].map((id) => ({ id, field: { name: 'same', type: 'BOOLEAN' } }));
  expect(faultsOf(filled({ fields: twice }), 'questions')).toEqual({ '2.name': 'nameTwice' });
  expect(nameOf('How does it feel?', new Set(['how_does_it_feel']))).toBe('how_does_it_feel_2');
  expect(nameOf('Что это?', new Set())).toBe('field');
});

it('makes the request of the API', () => {
  const { labeling } = projectOf(filled({ lockMinutes: '5', rewardPoints: '3' }));
  expect(labeling).toMatchObject({
    lockSeconds: 300,
    rewardPoints: 3,
    answersPerTask: 1,
    onReject: 'REQUEUE',
    audience: 'PUBLIC',
  });
});

it('names a consensus of a question that is there, and of one that can have one', () => {
  const chosen = filled({ consensusField: 'rating', consensusMethod: 'WAWA' });
  expect(projectOf(chosen).labeling.consensus).toEqual({ field: 'rating', method: 'WAWA' });
  expect(projectOf(filled({ consensusField: 'gone' })).labeling.consensus).toBeUndefined();
  const sure = { consensusField: 'rating', confidence: '0.95', maxAnswers: '7' };
  expect(projectOf(filled(sure)).labeling.consensus).toEqual({
    field: 'rating',
    method: 'MAJORITY_VOTE',
    confidence: '0.95',
    maxAnswers: 7,
  });
  expect(faultsOf(filled({ ...sure, answersPerTask: '8' }), 'rules')).toEqual({ maxAnswers: 'range' });
  expect(faultsOf(filled({ ...sure, maxAnswers: '26' }), 'rules')).toEqual({ maxAnswers: 'range' });
  expect(faultsOf(filled({ maxAnswers: '26' }), 'rules')).toEqual({});
  const text = { ...field({}), consensusField: 'f' };
  expect(projectOf(text).labeling.consensus).toBeUndefined();
});

it('asks for a skill where answers are held against something', () => {
  const asked = { minSkill: '0.7', skillAction: 'BLOCK', minGold: '10' };
  expect(projectOf(filled(asked)).labeling).not.toMatchObject({ qualification: expect.anything() });
  const known = { ...asked, goldOnboarding: '5', goldEvery: '20' };
  expect(projectOf(filled(known)).labeling).toMatchObject({
    gold: { onboarding: 5, every: 20 },
    qualification: { minSkill: '0.7', action: 'BLOCK', minGold: 10 },
  });
  const alike = { ...asked, consensusField: 'rating' };
  expect(projectOf(filled(alike)).labeling).toMatchObject({ qualification: { minSkill: '0.7' } });
  expect(projectOf(filled(alike)).labeling.qualification?.minGold).toBeUndefined();
  const wrong = { goldOnboarding: '101', goldEvery: '1', minGold: 'x' };
  expect(Object.keys(faultsOf(filled(wrong), 'rules'))).toEqual(['goldOnboarding', 'goldEvery', 'minGold']);
});
