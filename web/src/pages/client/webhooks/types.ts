/** Types of events, and why one did not arrive: decided without a screen. */

/** `batch.done` of `io.datacrowd.batch.done.v1`; a name of another make stays. */
export const shortOf = (type: string): string => /^io\.datacrowd\.(.+)\.v1$/.exec(type)?.[1] ?? type;

export interface EventType {
  readonly type: string;
  readonly short: string;
  readonly meaning: string;
}
export interface Group {
  readonly word: string;
  readonly types: readonly EventType[];
}

/** What `GET /events/schemas` lists, by its first word, in its order; only what holds all words of the search. */
export function groupsOf(
  schemas: Readonly<Record<string, unknown>>,
  meanings: Readonly<Record<string, string>>,
  search: string,
): Group[] {
  const wanted = search.toLowerCase().split(/\s+/);
  const groups = new Map<string, EventType[]>();
  for (const [type, schema] of Object.entries(schemas)) {
    const short = shortOf(type);
    const said = (schema as { description?: unknown } | null)?.description;
    const meaning = meanings[short] ?? (typeof said === 'string' ? said : '');
    const text = `${type} ${meaning}`.toLowerCase();
    if (!wanted.every((word) => text.includes(word))) continue;
    const word = short.split('.')[0] ?? short;
    groups.set(word, [...(groups.get(word) ?? []), { type, short, meaning }]);
  }
  return [...groups].map(([word, types]) => ({ word, types }));
}

/** Words of the server by which a failure is told; the first that fits. */
const FAILURES: readonly (readonly [RegExp, string])[] = [
  [/^Every attempt failed for/, 'days'],
  [/410 Gone/, 'gone'],
  [/a redirect, which/, 'redirect'],
  [/asked less often/, 'slow'],
  [/only 2xx counts/, 'status'],
  [/^No answer came within/, 'timeout'],
  [/could not be made in time/, 'connect'],
  [/connection was refused/, 'refused'],
  [/was closed before an answer/, 'closed'],
  [/leads to no address/, 'name'],
  [/no public address/, 'private'],
  [/secret of this endpoint/, 'secret'],
];

/** The reason's key among the texts; null for what only a newer server says. */
export const failureKey = (failure: string): string | null =>
  FAILURES.find(([pattern]) => pattern.test(failure))?.[1] ?? null;

/** What a local date and time field holds, a day before this. */
export function dayBefore(now: number): string {
  const at = new Date(now - 86_400_000);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
