/** Where an image, a sound or a film of a task is to be had. */
import { serverNow } from '../api/client.ts';
import { link, type Link } from '../api/link.ts';

/** Links end after five minutes; one this near its end is asked for anew. */
const MARGIN = 30_000;
const links = new Map<string, Promise<Link>>();

/** Where the API has the files of a task, for who works on it. */
export const heldMedia = (taskId: number): string => `/tasks/${taskId}/media`;
/** The same, for the project's owner. */
export const ownedMedia = (projectId: string, taskId: number): string =>
  `/projects/${projectId}/tasks/${taskId}/media`;

/** A link for an element's `src`, which cannot send the access token itself. `anew` when the last one failed. */
export async function mediaLink(media: string, column: string, anew = false): Promise<string> {
  const path = `${media}/${encodeURIComponent(column)}`;
  const known = anew ? undefined : await links.get(path)?.catch(() => undefined);
  if (known !== undefined && known.expiresAt - serverNow() > MARGIN) return known.url;
  const asked = link(path);
  links.set(path, asked);
  return (await asked).url;
}

/** Loads images ahead, so that the next item is whole when it comes on screen. */
export function preloadImage(media: string, column: string): void {
  void mediaLink(media, column)
    .then((url) => (new Image().src = url))
    .catch(() => undefined);
}
