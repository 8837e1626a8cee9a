/** The comments that a reviewer wrote last: the next rejection often has the same reason. */

const MOST = 5;
const keyOf = (user: string): string => `datacrowd.comments.${user}`;

export function recent(user: string): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(keyOf(user)) ?? '[]');
    return Array.isArray(kept) ? kept.filter((text) => typeof text === 'string') : [];
  } catch {
    return [];
  }
}

export function used(user: string, comment: string): void {
  const kept = [comment, ...recent(user).filter((text) => text !== comment)].slice(0, MOST);
  localStorage.setItem(keyOf(user), JSON.stringify(kept));
}
