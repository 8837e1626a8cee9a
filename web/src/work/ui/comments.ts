/** The comments that a reviewer wrote last: the next rejection often has the same reason. */
import { kept } from '../../kept.ts';

const MOST = 5;
const keyOf = (user: string): string => `datacrowd.comments.${user}`;

export function recent(user: string): string[] {
  try {
    const texts: unknown = JSON.parse(kept.get(keyOf(user)) ?? '[]');
    return Array.isArray(texts) ? texts.filter((text) => typeof text === 'string') : [];
  } catch {
    return [];
  }
}

export function used(user: string, comment: string): void {
  const texts = [comment, ...recent(user).filter((text) => text !== comment)].slice(0, MOST);
  kept.set(keyOf(user), JSON.stringify(texts));
}
