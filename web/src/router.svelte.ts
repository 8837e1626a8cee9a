/** Addresses and pages: patterns like `/client/projects/:id`, over the History API, below the base of the build. */
import type { Component } from 'svelte';
import type { Role } from './api/session.ts';
import type { Base } from './i18n/catalogue.ts';

export type Params = Readonly<Record<string, string>>;
/** A page takes the parameters of its address, or nothing. */
type Page = { default: Component<never> };

export interface Route {
  readonly pattern: string;
  /** Whose page it is; anybody's who is signed in when absent, and open to all when `open`. */
  readonly roles?: readonly Role[];
  readonly open?: true;
  /** What the page is called, of the texts that are there before it is loaded. */
  readonly title: (t: Base, params: Params) => string;
  readonly load: () => Promise<Page>;
}

export interface Found {
  readonly route: Route;
  readonly params: Params;
}

/** The route of a path; the first that fits. */
export function match(routes: readonly Route[], path: string): Found | null {
  const parts = split(path);
  for (const route of routes) {
    const params = fit(split(route.pattern), parts);
    if (params !== null) return { route, params };
  }
  return null;
}

const split = (path: string): string[] => path.split('/').filter((part) => part !== '');

function fit(pattern: string[], parts: string[]): Params | null {
  if (pattern.length !== parts.length) return null;
  const params: Record<string, string> = {};
  for (const [i, expected] of pattern.entries()) {
    const part = parts[i] ?? '';
    if (!expected.startsWith(':')) {
      if (expected !== part) return null;
      continue;
    }
    try {
      params[expected.slice(1)] = decodeURIComponent(part);
    } catch {
      // No text at all: nobody's page.
      return null;
    }
  }
  return params;
}

const base = import.meta.env.BASE_URL.replace(/\/$/, '');

function current(): string {
  const path = location.pathname;
  return path.startsWith(base) ? path.slice(base.length) || '/' : '/';
}

/** Asked before the page is left; false keeps it. */
let guard: (() => boolean) | null = null;

class Place {
  path = $state(current());
  query = $state.raw(new URLSearchParams(location.search));

  go(path: string, how: 'push' | 'replace' = 'push'): void {
    if (guard !== null && !guard()) return;
    guard = null;
    if (how === 'push') history.pushState(null, '', base + path);
    else history.replaceState(null, '', base + path);
    this.read();
    scrollTo(0, 0);
  }

  /** Changes the query without a new page. */
  ask(query: Record<string, string>): void {
    const text = new URLSearchParams(query).toString();
    history.replaceState(null, '', `${base}${this.path}${text === '' ? '' : `?${text}`}`);
    this.query = new URLSearchParams(query);
  }

  /** Back and Forward have moved already: who stays is put back. */
  moved(): void {
    if (guard !== null && current() !== this.path) {
      if (!guard()) return history.pushState(null, '', base + this.path);
      guard = null;
    }
    this.read();
  }

  private read(): void {
    this.path = current();
    this.query = new URLSearchParams(location.search);
  }
}

export const place = new Place();

/** Asks before the page is left while `isBusy` says so, until the returned function is called. */
export function guardLeaving(isBusy: () => boolean, question: string): () => void {
  const mine = () => !isBusy() || confirm(question);
  // The browser asks in its own words.
  const unload = (event: BeforeUnloadEvent) => {
    if (isBusy()) event.preventDefault();
  };
  guard = mine;
  addEventListener('beforeunload', unload);
  return () => {
    if (guard === mine) guard = null;
    removeEventListener('beforeunload', unload);
  };
}

/** The address of a page, for a link. */
export const href = (path: string): string => base + path;

/** Plain clicks on our own links change the page without loading it. */
export function startRouter(): void {
  addEventListener('popstate', () => place.moved());
  addEventListener('click', (event) => {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    const link = (event.target as Element | null)?.closest?.('a');
    if (!(link instanceof HTMLAnchorElement) || link.target !== '' || link.hasAttribute('download')) return;
    const { origin, pathname, search, hash } = link;
    if (origin !== location.origin || !pathname.startsWith(`${base}/`) || hash !== '') return;
    event.preventDefault();
    place.go(pathname.slice(base.length) + search);
  });
}
