import { describe, expect, it } from 'vitest';
import { camel, projectManifest, slug } from './manifest.ts';
import { yaml } from './yaml.ts';

describe('a text that YAML would read as something else is quoted', () => {
  const rows: [string, string][] = [
    ['plain', 'plain'],
    ['two words', 'two words'],
    ['Ещё', 'Ещё'],
    ['yes', '"yes"'],
    ['No', '"No"'],
    ['null', '"null"'],
    ['1', '"1"'],
    ['-4', '"-4"'],
    ['1e3', '"1e3"'],
    ['2026-11-27', '"2026-11-27"'],
    ['a: b', '"a: b"'],
    ['a #b', '"a #b"'],
    ['', '""'],
    [' a', '" a"'],
    ['a ', '"a "'],
    ['*a', '"*a"'],
    ['"q"', '"\\"q\\""'],
    ['[a]', '"[a]"'],
    ['a\tb', '"a\\tb"'],
    ['😀', '"😀"'],
  ];
  it.each(rows)('%j', (text, expected) => expect(yaml({ a: text })).toBe(`a: ${expected}\n`));
});

it('several lines stand as lines', () => {
  expect(yaml({ a: 'one\n\n- two\n' })).toBe('a: |\n  one\n\n  - two\n');
  expect(yaml({ a: 'one\ntwo' })).toBe('a: |-\n  one\n  two\n');
  expect(yaml({ a: ' one\ntwo' })).toBe('a: " one\\ntwo"\n');
});

it('a project is the resource that kubectl takes', () => {
  const manifest = projectManifest({
    displayName: 'Product reviews, 2026!',
    description: null,
    dataType: 'TEXT',
    labeling: {
      instructions: 'Read it.\nThen choose.',
      display: [{ column: 'text', kind: 'TEXT' }],
      fields: [
        { name: 'rating', title: 'How?', type: 'SINGLE_CHOICE', options: ['-1', '0', 'yes'], required: true },
        { name: 'score', type: 'NUMBER', minimum: '0.50', maximum: 10 },
      ],
      answersPerTask: 2,
      onReject: 'REQUEUE',
      gold: { onboarding: 5, every: 20 },
      qualification: { minSkill: 0.7, action: 'BLOCK', minGold: 10 },
    },
  });
  expect(manifest).toMatchInlineSnapshot(`
    "apiVersion: datacrowd.io/v1alpha1
    kind: Project
    metadata:
      name: product-reviews-2026
    spec:
      displayName: "Product reviews, 2026!"
      dataType: Text
      labeling:
        instructions: |-
          Read it.
          Then choose.
        display:
        - column: text
          kind: Text
        fields:
        - name: rating
          title: "How?"
          type: SingleChoice
          options:
          - "-1"
          - "0"
          - "yes"
          required: true
        - name: score
          type: Number
          minimum: "0.50"
          maximum: 10
        answersPerTask: 2
        onReject: Requeue
        gold:
          onboarding: 5
          every: 20
        qualification:
          minSkill: "0.7"
          action: Block
          minGold: 10
    "
  `);
});

it('names are what Kubernetes takes', () => {
  expect([slug('Ünïcode  Ärger'), slug('Отзывы'), slug('--a--')]).toEqual([
    'u-ni-code-a-rger',
    'project',
    'a',
  ]);
  expect([camel('SINGLE_CHOICE'), camel('TEXT')]).toEqual(['SingleChoice', 'Text']);
});
