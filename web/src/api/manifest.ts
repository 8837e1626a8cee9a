/** A resource as `kubectl apply` takes it. */
import { send } from './client.ts';
import { Problem } from './problem.ts';

export type ManifestOf =
  `/${'projects' | 'datasets' | 'exports' | 'models' | 'predictions' | 'webhook-endpoints'}/${string}`;

export async function manifest(resource: ManifestOf): Promise<string> {
  const headers = { accept: 'application/yaml' };
  const response = await send(new Request(`/api/v1${resource}/manifest`, { headers }));
  if (!response.ok) throw await Problem.of(response);
  return response.text();
}
