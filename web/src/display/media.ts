/** Where an image, a sound or a film of a task is to be had. */
import { accessToken } from '../api/session.ts';
import { Problem } from '../api/problem.ts';

interface Link {
  readonly url: string;
  readonly expiresAt: number;
}

/** Links end after five minutes; one this near its end is asked for anew. */
const MARGIN = 30_000;
const links = new Map<string, Promise<Link>>();

/** A link for an element's `src`, which cannot send the access token itself. */
export async function mediaLink(taskId: number, column: string, cell: unknown): Promise<string> {
  const key = `${taskId}/${encodeURIComponent(column)}`;
  const known = await links.get(key)?.catch(() => undefined);
  if (known !== undefined && known.expiresAt - Date.now() > MARGIN) return known.url;
  const asked = ask(key, cell);
  links.set(key, asked);
  return (await asked).url;
}

async function ask(key: string, cell: unknown): Promise<Link> {
  const headers = { accept: 'application/json', authorization: `Bearer ${await accessToken()}` };
  const response = await fetch(`/api/v1/tasks/${key.replace('/', '/media/')}`, {
    headers,
    redirect: 'manual',
  });
  if (response.type === 'opaqueredirect') return behindRedirect(cell);
  if (!response.ok) throw await Problem.of(response);
  const { url, expiresAt } = (await response.json()) as { url: string; expiresAt: string };
  return { url, expiresAt: Date.parse(expiresAt) };
}

/** A server that only redirects: the page may not see where to, but a public link stands in the cell itself. */
function behindRedirect(cell: unknown): Link {
  if (typeof cell === 'string' && /^https:\/\//i.test(cell.trim()))
    return { url: cell.trim(), expiresAt: Infinity };
  throw new Problem(
    'media_link_hidden',
    'This server hands out no link to this file; skip the task and say so.',
    0,
  );
}

/** Loads images ahead, so that the next item is whole when it comes on screen. */
export function preloadImage(taskId: number, column: string, cell: unknown): void {
  void mediaLink(taskId, column, cell)
    .then((url) => (new Image().src = url))
    .catch(() => undefined);
}
