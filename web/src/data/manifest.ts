/** A project as the resource that `kubectl apply` takes: enumerations in CamelCase. Pure. */
import type { Body } from '../api/client.ts';
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

export function projectManifest(project: Body<'NewProject'>): string {
  const { labeling } = project;
  const fields = labeling.fields.map((field) => ({
    name: field.name,
    title: field.title ?? undefined,
    help: field.help ?? undefined,
    type: camel(field.type),
    options: field.options?.length ? field.options : undefined,
    required: field.required ?? undefined,
    minimum: bound(field.minimum),
    maximum: bound(field.maximum),
    maxLength: field.maxLength ?? undefined,
  }));
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
        consensus: labeling.consensus
          ? {
              field: labeling.consensus.field,
              method: camelOr(labeling.consensus.method),
              minAnswers: labeling.consensus.minAnswers ?? undefined,
              maxAnswers: labeling.consensus.maxAnswers ?? undefined,
              confidence: bound(labeling.consensus.confidence),
            }
          : undefined,
        qualification: labeling.qualification
          ? {
              minSkill: bound(labeling.qualification.minSkill),
              action: camelOr(labeling.qualification.action),
            }
          : undefined,
      },
    },
  });
}
