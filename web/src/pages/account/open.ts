import { Problem } from '../../api/problem.ts';

/** A post by somebody who is not signed in. */
export async function openPost(
  path: '/auth/register' | '/auth/reset',
  body: Record<string, string>,
): Promise<void> {
  const response = await fetch(`/api/v1${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }).catch(() => Promise.reject(Problem.offline()));
  if (!response.ok) throw await Problem.of(response);
}
