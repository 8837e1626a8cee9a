/** A model as the resource that `kubectl apply` takes. Pure. */
import type { Body } from '../api/client.ts';
import { camel, slug, type Whole } from './manifest.ts';
import { yaml } from './yaml.ts';

type Project = Pick<Body<'ProjectBody'>, 'name' | 'namespace'>;

export function modelManifest(model: Body<'NewModel'>, project: Project): string {
  const { input, output } = model;
  const { audio } = input;
  const file = model.sourceUri.slice(model.sourceUri.lastIndexOf('/') + 1);
  return yaml({
    apiVersion: 'datacrowd.io/v1alpha1',
    kind: 'Model',
    metadata: { name: slug(file.replace(/\.onnx$/i, ''), 'model'), namespace: project.namespace },
    spec: {
      projectRef: { name: project.name },
      source: { uri: model.sourceUri, sha256: model.sha256 ?? undefined },
      input: {
        kind: camel(input.kind),
        column: input.column ?? undefined,
        audio: audio
          ? ({
              sampleRateHz: audio.sampleRateHz,
              windowMillis: audio.windowMillis,
              hopMillis: audio.hopMillis,
              features: camel(audio.features),
              logMel: audio.logMel ? { ...audio.logMel } : undefined,
            } satisfies Whole<'AudioBody'>)
          : undefined,
        columns: input.columns?.length ? input.columns : undefined,
      } satisfies Whole<'InputBody'>,
      output: {
        field: output.field,
        tensor: output.tensor ?? undefined,
        labels: output.labels?.length ? output.labels : undefined,
        windows: output.windows ? camel(output.windows) : undefined,
      } satisfies Whole<'OutputBody'>,
    },
  });
}
