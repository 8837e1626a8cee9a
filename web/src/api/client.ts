import createClient from 'openapi-fetch';
import { readJson, writeJson } from './json.ts';
import { Problem } from './problem.ts';
import type { components, paths } from './schema.d.ts';
import { accessToken } from './session.ts';

type Schemas = components['schemas'];
/** The body of this name in the API's description. */
export type Body<Name extends keyof Schemas> = Schemas[Name];

/** Refusals that a new access token heals, or that end the session where none is to be had. */
const RENEWABLE = new Set([
  'token_expired',
  'invalid_token',
  'session_over',
  'unauthenticated',
  'user_disabled',
]);
/** A request without an answer by then is as good as lost. */
const TIMEOUT = 30_000;

/** Milliseconds by which the server's clock is ahead of ours, of the last answer. */
let ahead = 0;
export const serverNow = (): number => Date.now() + ahead;

/** Sends with an access token that is good, and once more with a new one. */
export async function send(request: Request): Promise<Response> {
  const token = await accessToken();
  const again = request.clone();
  const first = await attempt(request, token);
  if (first.status !== 401) return first;
  const problem = await Problem.of(first.clone());
  if (!RENEWABLE.has(problem.code)) return first;
  return attempt(again, await accessToken(token));
}

async function attempt(request: Request, token: string): Promise<Response> {
  request.headers.set('authorization', `Bearer ${token}`);
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT)]);
  const response = await fetch(request, { signal }).catch((thrown: unknown) => {
    if (request.signal.aborted) throw thrown;
    throw Problem.offline();
  });
  const date = Date.parse(response.headers.get('date') ?? '');
  // Date has whole seconds: half of one is its mean error.
  if (!Number.isNaN(date)) ahead = date + 500 - Date.now();
  return response;
}

/** The API, typed by its description. */
export const api = createClient<paths>({ baseUrl: '/api/v1', fetch: send, bodySerializer: writeJson });

interface Answer<T> {
  data?: T | undefined;
  error?: unknown;
  response: Response;
}

/** What was asked for; throws the problem otherwise. */
export async function ask<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await answer;
  if (!response.ok) throw problemOf(error, response);
  return data as T;
}

/** The same for a body whose numbers keep their digits: ask with `parseAs: 'text'`. */
export async function askExactly<T>(answer: Promise<Answer<string>>): Promise<T> {
  return readJson<T>(await ask(answer));
}

function problemOf(error: unknown, response: Response): Problem {
  const seconds = Number(response.headers.get('retry-after'));
  const retryAfter = seconds > 0 ? seconds * 1000 : null;
  const body = (typeof error === 'object' && error !== null ? error : {}) as Partial<Body<'Problem'>>;
  const code = body.code ?? (response.status >= 502 ? 'unavailable' : 'unreadable');
  const message = body.message ?? `HTTP ${response.status}`;
  const details = (body.details ?? {}) as Record<string, unknown>;
  const correlation = response.headers.get('x-correlation-id') ?? body.correlationId ?? null;
  return new Problem(code, message, response.status, details, correlation, retryAfter);
}
