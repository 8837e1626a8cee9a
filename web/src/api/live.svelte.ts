/** A client's pages of one project follow its stream of events: one connection, however many ask. */
import { accessToken, onSession } from './session.ts';
import { Calm, concerned } from './concerns.ts';
import { EventStream } from './event-stream.ts';
import { queries } from './queries.ts';

/** How often pages ask while they are told. */
const RARELY = 30_000;
/** A tab that nobody looks at for so long needs no connection. */
const HIDDEN = 60_000;

interface Followed {
  readonly close: () => void;
  count: number;
}

const followed = new Map<string, Followed>();
const live = $state({ isOpen: false });

/** The pause between two fetches: this long, and much longer while events tell what changes. */
export const every = (pause: number): number => (live.isOpen ? Math.max(pause, RARELY) : pause);

async function ask(id: string, lastId: string | null, signal: AbortSignal): Promise<Response> {
  const path = `/api/v1/projects/${encodeURIComponent(id)}/events/stream`;
  const last: Record<string, string> = lastId === null ? {} : { 'last-event-id': lastId };
  const attempt = (token: string) =>
    fetch(path, {
      headers: { accept: 'text/event-stream', authorization: `Bearer ${token}`, ...last },
      cache: 'no-store',
      signal,
    });
  const token = await accessToken();
  const first = await attempt(token);
  if (first.status !== 401) return first;
  void first.body?.cancel();
  return attempt(await accessToken(token));
}

function open(id: string): () => void {
  // What is on screen stays until the answer is there.
  const calm = new Calm(
    (keys) => Promise.all(keys.map((queryKey) => queries().invalidateQueries({ queryKey }))),
    () => document.hidden,
  );
  const stream = new EventStream({
    ask: (lastId, signal) => ask(id, lastId, signal),
    told: ({ data }) => calm.add(concerned(id, data)),
    flows(isOpen, isGapless) {
      live.isOpen = isOpen;
      // Between the last fetch and the first byte something may have happened.
      if (isOpen && !isGapless) calm.add(OF_A_PROJECT.map((key) => [key]));
    },
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const seen = () => {
    clearTimeout(timer);
    if (document.hidden) timer = setTimeout(() => stream.stop(), HIDDEN);
    else {
      stream.start();
      void calm.go();
    }
  };
  const forget = onSession((event) => {
    if (event === 'signed-in') stream.retry();
    else stream.stop();
  });
  document.addEventListener('visibilitychange', seen);
  seen();
  return () => {
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', seen);
    forget();
    calm.drop();
    stream.stop();
    live.isOpen = false;
  };
}

/** What pages of a project show that events tell of. */
const OF_A_PROJECT = [
  'project',
  'datasets',
  'dataset',
  'stats',
  'workers',
  'exports',
  'models',
  'model',
  'predictions',
  'prediction',
];

/** Follows the project of a page until the page is left; its id may be known later. */
export function followProject(projectId: () => string | undefined): void {
  // A string of its own: the thing that names it is fetched again and again.
  const id = $derived(projectId());
  $effect(() => {
    const one = id;
    if (one === undefined || one === '') return undefined;
    const entry = followed.get(one) ?? { close: open(one), count: 0 };
    entry.count += 1;
    followed.set(one, entry);
    return () => {
      entry.count -= 1;
      if (entry.count > 0) return;
      followed.delete(one);
      entry.close();
    };
  });
}
