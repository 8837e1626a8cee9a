/** A project as the resource that `kubectl apply` takes: enumerations in CamelCase. Pure. */
import type { Body } from '../api/client.ts';
import type { components } from '../api/schema.d.ts';
import { yaml } from './yaml.ts';

/** `SINGLE_CHOICE` is `SingleChoice` there. */
export const camel = (upper: string): string =>
  upper.toLowerCase().replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());

const camelOr = (upper: string | null | undefined): string | undefined =>
  upper === null || upper === undefined ? undefined : camel(upper);

/** A name as Kubernetes takes it, of what people call the thing. */
export function slug(displayName: string, otherwise = 'project'): string {
  const plain = displayName
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-');
  return (
    plain
      .replace(/^-+|-+$/g, '')
      .slice(0, 40)
      .replace(/-+$/, '') || otherwise
  );
}

/** A bound with a fraction is a text there, so that its digits stay. */
function bound(value: Body<'FieldBody'>['minimum']): number | string | undefined {
  if (value === null || value === undefined) return undefined;
  const digits = String(value);
  return Number.isSafeInteger(Number(digits)) && /^-?\d+$/.test(digits) ? Number(digits) : digits;
}

/** Every member that the API has: one that is left out here does not compile. */
export type Whole<Name extends keyof components['schemas']> = {
  [Member in keyof Required<Body<Name>>]: unknown;
};

export function projectManifest(project: Body<'NewProject'>): string {
  const { labeling } = project;
  const { consensus, gold, qualification } = labeling;
  const fields = labeling.fields.map(
    (field) =>
      ({
        name: field.name,
        title: field.title ?? undefined,
        help: field.help ?? undefined,
        type: camel(field.type),
        options: field.options?.length ? field.options : undefined,
        required: field.required ?? undefined,
        minimum: bound(field.minimum),
        maximum: bound(field.maximum),
        maxLength: field.maxLength ?? undefined,
      }) satisfies Whole<'FieldBody'>,
  );
  return yaml({
    apiVersion: 'datacrowd.io/v1alpha1',
    kind: 'Project',
    metadata: { name: slug(project.displayName) },
    spec: {
      displayName: project.displayName,
      description: project.description ?? undefined,
      dataType: camel(project.dataType),
      deletionPolicy: camelOr(project.deletionPolicy),
      labeling: {
        instructions: labeling.instructions ?? undefined,
        display: labeling.display?.length
          ? labeling.display.map(({ column, kind }) => ({ column, kind: camel(kind) }))
          : undefined,
        externalIdColumn: labeling.externalIdColumn ?? undefined,
        fields,
        answersPerTask: labeling.answersPerTask ?? undefined,
        reviewersPerAnswer: labeling.reviewersPerAnswer ?? undefined,
        rewardPoints: labeling.rewardPoints ?? undefined,
        lockSeconds: labeling.lockSeconds ?? undefined,
        onReject: camelOr(labeling.onReject),
        maxRejections: labeling.maxRejections ?? undefined,
        audience: camelOr(labeling.audience),
        consensus: consensus
          ? ({
              field: consensus.field,
              method: camelOr(consensus.method),
              minAnswers: consensus.minAnswers ?? undefined,
              maxAnswers: consensus.maxAnswers ?? undefined,
              confidence: bound(consensus.confidence),
            } satisfies Whole<'ConsensusBody'>)
          : undefined,
        gold: gold
          ? ({
              onboarding: gold.onboarding ?? undefined,
              every: gold.every ?? undefined,
            } satisfies Whole<'GoldMixBody'>)
          : undefined,
        qualification: qualification
          ? ({
              minSkill: bound(qualification.minSkill),
              action: camelOr(qualification.action),
              minGold: qualification.minGold ?? undefined,
            } satisfies Whole<'QualificationBody'>)
          : undefined,
      } satisfies Whole<'LabelingBody'>,
    } satisfies Whole<'NewProject'>,
  });
}
