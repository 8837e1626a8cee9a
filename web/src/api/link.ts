/** A link that a page may follow where it cannot send its token: a file of a task, or of an export. */
import { send, type Body } from './client.ts';
import { Problem } from './problem.ts';

export interface Link {
  readonly url: string;
  readonly expiresAt: number;
}

export async function link(path: string): Promise<Link> {
  const response = await send(new Request(`/api/v1${path}`, { headers: { accept: 'application/json' } }));
  if (!response.ok) throw await Problem.of(response);
  const { url, expiresAt } = (await response.json()) as Body<'Link'>;
  // A public link of the dataset has no end that the platform knows of.
  return { url, expiresAt: expiresAt == null ? Infinity : Date.parse(expiresAt) };
}
