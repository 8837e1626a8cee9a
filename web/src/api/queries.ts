/** What client, admin and list pages read, kept while it is looked at. The work loop has its own. */
import { QueryClient } from '@tanstack/svelte-query';
import { api } from './client.ts';
import { conditional } from './fresh.ts';
import { Problem } from './problem.ts';

api.use(conditional);

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 1000,
      retry: (count, error) => count < 2 && Problem.from(error).isPassing,
      retryDelay: (count, error) => Problem.from(error).retryAfter ?? 500 * 2 ** count,
    },
  },
});

/** The second argument of every query: a provider at the root would put the library into the work route. */
export const queries = (): QueryClient => client;

interface Page {
  readonly nextCursor?: string | null;
}

/** Of an infinite query: how a list is read page by page. `cursor` belongs among the query's members; the first page has none. */
export const paged = <P extends Page>(read: (cursor: { cursor?: string }) => Promise<P>) => ({
  queryFn: ({ pageParam }: { pageParam: string | undefined }): Promise<P> =>
    read(pageParam === undefined ? {} : { cursor: pageParam }),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: ({ nextCursor }: Page): string | undefined => nextCursor ?? undefined,
});

/** The same where a cursor goes back as a number. */
export const numbered = <P extends Page>(read: (cursor: { cursor?: number }) => Promise<P>) =>
  paged(({ cursor }) => read(cursor === undefined ? {} : { cursor: Number(cursor) }));
