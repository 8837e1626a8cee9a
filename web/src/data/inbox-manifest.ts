/** What makes a model answer at once: an inbox as the resource that `kubectl apply` takes, and a predictor. Pure. */
import type { Body } from '../api/client.ts';
import { slug } from './manifest.ts';
import { yaml } from './yaml.ts';

/** Named after the project: others of the same namespace have theirs. */
export const inboxManifest = ({ name, namespace }: Pick<Body<'ProjectBody'>, 'name' | 'namespace'>): string =>
  yaml({
    apiVersion: 'datacrowd.io/v1alpha1',
    kind: 'Dataset',
    metadata: { name: `${slug(name)}-inbox`, namespace },
    spec: { projectRef: { name }, source: { format: 'Inbox' } },
  });

export const warmCommand = ({ name, namespace }: Pick<Body<'ModelBody'>, 'name' | 'namespace'>): string =>
  `kubectl patch model ${name} --namespace ${namespace} --type merge --patch '{"spec": {"replicas": 1}}'`;
