import { createQuery } from '@tanstack/svelte-query';
import { queries } from '../../../api/queries.ts';
import { api, ask } from '../../../api/client.ts';

/** Ids of the client's projects with their names. */
export const projectNames = () =>
  createQuery(
    () => ({
      queryKey: ['projects', 'names'],
      queryFn: async () => {
        const { items } = await ask(api.GET('/projects', { params: { query: { limit: 200 } } }));
        return items.map(({ id, name, displayName }) => [id, displayName || name] as const);
      },
    }),
    queries,
  );
