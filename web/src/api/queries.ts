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
