/** What live pages read again and again: the server is asked whether it changed, and says so without a body. */
import type { Middleware } from 'openapi-fetch';
import { onSession } from './session.ts';

interface Known {
  readonly etag: string;
  readonly body: string;
}

/** More pages than anybody looks at between two changes. */
const MOST = 50;
const known = new Map<string, Known>();
onSession((event) => {
  if (event === 'signed-out') known.clear();
});

function remember(url: string, one: Known): void {
  known.delete(url);
  known.set(url, one);
  const oldest = known.keys().next().value;
  if (known.size > MOST && oldest !== undefined) known.delete(oldest);
}

export const conditional: Middleware = {
  onRequest({ request }) {
    const etag = request.method === 'GET' ? known.get(request.url)?.etag : undefined;
    if (etag !== undefined) request.headers.set('if-none-match', etag);
    return request;
  },
  async onResponse({ request, response }) {
    if (request.method !== 'GET') return undefined;
    const before = known.get(request.url);
    if (response.status === 304 && before !== undefined)
      return new Response(before.body, { headers: { 'content-type': 'application/json' } });
    const etag = response.headers.get('etag');
    if (response.ok && etag !== null) remember(request.url, { etag, body: await response.clone().text() });
    return undefined;
  },
};
