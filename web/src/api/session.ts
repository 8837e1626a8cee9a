/**
 * Who is signed in. The access token lives in this module's memory and nowhere else. What renews it is a cookie that no
 * script can read; the browser's tabs share it, and use it under a lock, because a used one ends its session.
 */
import { kept } from '../kept.ts';
import { Problem } from './problem.ts';

export type Role = 'WORKER' | 'CLIENT' | 'ADMIN';

export interface Person {
  readonly id: string;
  readonly username: string;
  readonly role: Role;
}

interface Tokens {
  accessToken: string;
  expiresIn: number;
}

interface Access {
  readonly token: string;
  readonly expiresAt: number;
}

export type SessionEvent = 'signed-in' | 'expired' | 'signed-out';

/** That there is a session, for the next page and the other tabs: no secret. */
const KEPT_AT = 'datacrowd.session';
const OPEN = 'open';
/** Signed out while the server could not be told: it is told before anything else. */
const LEAVING = 'leaving';
const LOCK = 'datacrowd.refresh';
/** A token this near its end is renewed before it is used. */
const MARGIN = 20_000;

let access: Access | null = null;
let person: Person | null = null;
const listeners = new Set<(event: SessionEvent) => void>();

export const currentPerson = (): Person | null => person;

export function onSession(listener: (event: SessionEvent) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(event: SessionEvent): void {
  for (const listener of listeners) listener(event);
}

/** The claims of our own token; the server judges it, this only shows who it is. */
export function claimsOf(token: string): Person {
  const part = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
  const bytes = Uint8Array.from(atob(part), (c) => c.charCodeAt(0));
  const claims = JSON.parse(new TextDecoder().decode(bytes)) as {
    userId: string;
    username: string;
    role: Role;
  };
  return { id: claims.userId, username: claims.username, role: claims.role };
}

/** False when it is somebody else's, or of another role: what is on screen and on its way is the former's alone. */
function take(tokens: Tokens): boolean {
  kept.set(KEPT_AT, OPEN);
  const now = claimsOf(tokens.accessToken);
  if (person !== null && (person.id !== now.id || person.role !== now.role)) {
    location.reload();
    return false;
  }
  access = { token: tokens.accessToken, expiresAt: Date.now() + tokens.expiresIn * 1000 };
  person = now;
  return true;
}

async function post(path: string, body: unknown): Promise<Response> {
  const response = await fetch(`/api/v1${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }).catch(() => Promise.reject(Problem.offline()));
  if (!response.ok) throw await Problem.of(response);
  return response;
}

export async function signIn(login: string, password: string, totp?: string): Promise<void> {
  const body = { login, password, session: 'COOKIE', ...(totp === undefined ? {} : { totp }) };
  const response = await post('/auth/login', body);
  if (take((await response.json()) as Tokens)) tell('signed-in');
}

let renewing: Promise<void> | null = null;

/** One renewal at a time: here by the promise, among tabs by the lock. */
function renew(): Promise<void> {
  renewing ??= underLock().finally(() => (renewing = null));
  return renewing;
}

async function underLock(): Promise<void> {
  await navigator.locks.request(LOCK, renewNow);
}

async function renewNow(): Promise<void> {
  // Read under the lock: another tab may have just signed out.
  if (kept.get(KEPT_AT) !== OPEN) throw new Problem('unauthenticated', 'Sign in.', 401);
  const response = await post('/auth/refresh', {}).catch((thrown: unknown) => {
    if (Problem.from(thrown).status === 401) kept.drop(KEPT_AT);
    throw thrown;
  });
  if (!take((await response.json()) as Tokens)) throw new Problem('unauthenticated', 'Sign in.', 401);
}

/** Takes up the session that an earlier page left; null where there is none. */
export async function resume(): Promise<Person | null> {
  if (kept.get(KEPT_AT) === LEAVING) await leave();
  if (kept.get(KEPT_AT) !== OPEN) return null;
  try {
    await renew();
    return person;
  } catch (thrown) {
    if (Problem.from(thrown).status === 401) return null;
    throw thrown;
  }
}

const isStale = (): boolean => access === null || access.expiresAt - Date.now() < MARGIN;

/** An access token that is good for now. Throws 401 and tells `expired` when the session is over. */
export async function accessToken(refused?: string): Promise<string> {
  if (isStale() || access?.token === refused) {
    try {
      await renew();
    } catch (thrown) {
      if (Problem.from(thrown).status === 401) expire();
      throw thrown;
    }
  }
  if (access === null) throw new Problem('unauthenticated', 'Sign in.', 401);
  return access.token;
}

/** The same for what nobody asked for: null when there is none, and of a session that is over their next step tells. */
export async function quietToken(): Promise<string | null> {
  if (isStale()) await renew().catch(() => undefined);
  return isStale() ? null : heldToken();
}

/** What is held now, for a page that is being closed and cannot wait. */
export const heldToken = (): string | null => access?.token ?? null;

function expire(): void {
  access = null;
  tell('expired');
}

export async function signOut(): Promise<void> {
  kept.set(KEPT_AT, LEAVING);
  access = null;
  person = null;
  await leave().catch(() => undefined);
  tell('signed-out');
}

/** Ends the cookie's session at the server: after a renewal that runs, never in the middle of it. */
async function leave(): Promise<void> {
  await navigator.locks.request(LOCK, async () => {
    if (kept.get(KEPT_AT) !== LEAVING) return;
    await post('/auth/logout', {}).catch((thrown: unknown) => {
      // Over already, or not to be reached: only the latter is tried again.
      if (Problem.from(thrown).isPassing) throw thrown;
    });
    kept.drop(KEPT_AT);
  });
}

// Signed out in another tab: this one must not go on showing what that person saw.
if (typeof window !== 'undefined') {
  window.addEventListener('storage', (event) => {
    if (event.key === KEPT_AT && event.newValue !== OPEN && person !== null) expire();
  });
}
