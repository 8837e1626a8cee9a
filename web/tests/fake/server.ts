/**
 * A fake API server for the browser: the built console under /app with the real policy, and the calls that
 * the pages make, typed by the API's own description. What it cannot be trusted with (rules, SQL, money) the flows
 * against a running platform show.
 */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { accounts } from './accounts.ts';
import { items } from './items.ts';
import { models } from './models.ts';
import { notifications } from './notifications.ts';
import { owners } from './owners.ts';
import { qualityReads } from './quality.ts';
import { State } from './state.ts';
import { webhooks } from './webhooks.ts';
import { workers } from './workers.ts';

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Record<string, unknown>;
  readonly user: string | null;
  readonly cookie: string;
  readonly accept: string;
  readonly headers: IncomingHttpHeaders;
  readonly raw: Buffer;
}

export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  /** Sent as it is, in place of a JSON body. */
  readonly raw?: string | Buffer;
  readonly headers?: Record<string, string>;
}

/** `GET /tasks/:id` → handler; the parameters come in their order. */
export type Handlers = Readonly<Record<string, (state: State, call: Call, ...ids: string[]) => Reply>>;

export const ok = (body: unknown, status = 200): Reply => ({ status, body });
/** A resource as YAML. */
export const manifest = (kind: string, name: string, spec: string): Reply => ({
  status: 200,
  raw: `apiVersion: datacrowd.io/v1alpha1\nkind: ${kind}\nmetadata:\n  name: ${name}\n  namespace: dc-clara-k3x9q\nspec:\n${spec}`,
  headers: { 'content-type': 'application/yaml' },
});
export const nothing: Reply = { status: 204 };

export function problem(status: number, code: string, details: Record<string, unknown> = {}): Reply {
  const facts = { type: 'about:blank', title: code, timestamp: new Date().toISOString(), path: '/' };
  const body = {
    ...facts,
    status,
    message: `The server says: ${code}.`,
    code,
    correlationId: 'c0ffee',
    details,
  };
  return {
    status,
    body,
    headers: { 'content-type': 'application/problem+json', 'x-correlation-id': 'c0ffee' },
  };
}

/** As the API server sends it. */
const POLICY = readFileSync(new URL('../../content-security-policy.txt', import.meta.url), 'utf8')
  .replaceAll('{media}', '')
  .trim()
  .replaceAll('\n', '; ');
const TYPES: Record<string, string> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.html': 'text/html',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};
/** CONSOLE_DIST: a build with a fault put in, to see that a test notices. */
const dist = new URL(`../../${process.env['CONSOLE_DIST'] ?? 'dist'}/`, import.meta.url).pathname;
const handlers: Handlers = {
  ...accounts,
  ...workers,
  ...owners,
  ...models,
  ...items,
  ...qualityReads,
  ...webhooks,
  ...notifications,
};
const routes = Object.entries(handlers).map(([key, handler]) => {
  const [method = '', path = ''] = key.split(' ');
  return { method, pattern: new RegExp(`^${path.replace(/:[a-z]+/gi, '([^/]+)')}$`), handler };
});

export class FakeApi {
  readonly state = new State();
  private readonly server: Server;
  private url = '';

  constructor() {
    this.server = createServer((request, response) => void this.serve(request, response));
  }

  async start(): Promise<string> {
    await new Promise<void>((done) => this.server.listen(0, '127.0.0.1', done));
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return this.url;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    if (url.pathname.startsWith('/app')) return page(url.pathname, response);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    // The process is gone: whoever calls hears nothing.
    if (this.state.isDown) return void request.socket.destroy();
    const { refreshes, latency } = this.state;
    const isRefresh = url.pathname.endsWith('/auth/refresh');
    if (isRefresh) refreshes.most = Math.max(refreshes.most, (refreshes.now += 1));
    if (latency > 0) await new Promise((done) => setTimeout(done, latency));
    if (this.stream(request, url, response)) return;
    const reply = this.answer(request, url, Buffer.concat(chunks));
    if (isRefresh) refreshes.now -= 1;
    // Done, but nobody is told: a connection that broke on the way back.
    if (this.state.loseNextAnswer(url.pathname)) return void request.socket.destroy();
    // Text behind a NUL is the digits of a number that no number of JavaScript holds.
    const text = reply.raw ?? (JSON.stringify(reply.body) ?? '').replace(/"\\u0000([^"]*)"/g, '$1');
    const etag = createHash('sha256').update(text).digest('base64url');
    const tagged = request.method === 'GET' && reply.status === 200 ? { etag: `"${etag}"` } : {};
    if (request.headers['if-none-match'] === `"${etag}"` && reply.status === 200) {
      this.state.unchanged += 1;
      return void response.writeHead(304, tagged).end();
    }
    response.writeHead(reply.status, {
      ...tagged,
      'content-type': 'application/json',
      'cache-control': 'private, no-cache',
      date: new Date(this.state.now()).toUTCString(),
      ...reply.headers,
    });
    response.end(text);
  }

  /** Held open, for a test to write into; anything else is answered as usual. */
  private stream(request: IncomingMessage, url: URL, response: ServerResponse): boolean {
    const { has, asked, open } = this.state.stream;
    const user = this.state.userOf(request.headers.authorization?.replace('Bearer ', ''));
    if (!has || user === null || !url.pathname.endsWith('/events/stream')) return false;
    asked.push(String(request.headers['last-event-id'] ?? ''));
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(': here\n\n');
    open.add(response);
    response.on('close', () => open.delete(response));
    return true;
  }

  private answer(request: IncomingMessage, url: URL, raw: Buffer): Reply {
    const method = request.method ?? 'GET';
    const path = url.pathname.replace(/^\/api\/v1/, '');
    const isJson = request.headers['content-type']?.startsWith('application/json') ?? false;
    const body = isJson && raw.length > 0 ? (JSON.parse(raw.toString()) as Record<string, unknown>) : {};
    const token = request.headers.authorization?.replace('Bearer ', '');
    const user = this.state.userOf(token);
    if (path.startsWith('/files/'))
      return file(this.state, path.slice('/files/'.length), request.headers.range);
    if (user === null && !/^\/(auth|unsubscribe)\//.test(path))
      return problem(401, token === undefined ? 'unauthenticated' : 'token_expired');
    const { headers } = request;
    const { cookie = '', accept = '' } = headers;
    const call = { method, path, query: url.searchParams, headers, cookie, accept, raw };
    for (const route of routes) {
      const found = route.method === method ? route.pattern.exec(path) : null;
      if (found !== null) return route.handler(this.state, { ...call, body, user }, ...found.slice(1));
    }
    return problem(404, 'no_route');
  }
}

/** A file of the bucket, as its presigned link has it: no token, parts by range. */
function file(state: State, name: string, range: string | undefined): Reply {
  const found = state.files.get(name);
  if (found === undefined) return problem(404, 'not_found');
  const { bytes, type } = found;
  const asked = /^bytes=(\d+)-(\d*)$/.exec(range ?? '');
  const headers = { 'content-type': type, 'accept-ranges': 'bytes' };
  if (asked === null) return { status: 200, raw: bytes, headers };
  const [from, to] = [Number(asked[1]), Math.min(bytes.length - 1, Number(asked[2] || bytes.length - 1))];
  const part = { 'content-range': `bytes ${from}-${to}/${bytes.length}` };
  return { status: 206, raw: bytes.subarray(from, to + 1), headers: { ...headers, ...part } };
}

export async function page(path: string, response: ServerResponse): Promise<void> {
  const name = normalize(path.replace(/^\/app\/?/, ''));
  const file = extname(name) === '' ? 'index.html' : name;
  const found = await readFile(join(dist, file)).catch(() => null);
  const headers = { 'content-security-policy': POLICY, 'x-content-type-options': 'nosniff' };
  response.writeHead(found === null ? 404 : 200, {
    ...headers,
    'content-type': TYPES[extname(file)] ?? 'text/plain',
  });
  response.end(found ?? '');
}
