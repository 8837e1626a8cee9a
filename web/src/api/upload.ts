/** Sends a file with its progress: fetch tells none on the way up. */
import type { Body } from './client.ts';
import { Problem } from './problem.ts';
import { accessToken } from './session.ts';

export interface Progress {
  readonly sent: number;
  readonly total: number;
  /** Bytes per second, of all so far. */
  readonly rate: number;
}

export interface Upload {
  readonly done: Promise<Body<'DatasetBody'>>;
  cancel(): void;
}

export function upload(
  projectId: string,
  file: File,
  settings: Readonly<Record<string, string>>,
  key: string,
  progress: (p: Progress) => void,
): Upload {
  const request = new XMLHttpRequest();
  const done = accessToken().then((token) => send(request, token, projectId, file, settings, key, progress));
  return { done, cancel: () => request.abort() };
}

function send(
  request: XMLHttpRequest,
  token: string,
  projectId: string,
  file: File,
  settings: Readonly<Record<string, string>>,
  key: string,
  progress: (p: Progress) => void,
): Promise<Body<'DatasetBody'>> {
  const form = new FormData();
  // Settings first: the server streams the file and wants to know them before it.
  for (const [name, value] of Object.entries(settings)) form.append(name, value);
  form.append('file', file, file.name);
  const began = performance.now();
  return new Promise((resolve, reject) => {
    request.upload.onprogress = ({ loaded, total }) => {
      const seconds = Math.max(0.001, (performance.now() - began) / 1000);
      progress({ sent: loaded, total, rate: loaded / seconds });
    };
    request.onload = () => {
      const answer = new Response(request.responseText, {
        status: request.status,
        headers: headersOf(request),
      });
      if (answer.ok) answer.json().then(resolve, reject);
      else Problem.of(answer).then(reject, reject);
    };
    request.onerror = () => reject(Problem.offline());
    request.onabort = () => reject(new Problem('cancelled', 'The upload was cancelled.', 0));
    request.open('POST', `/api/v1/projects/${projectId}/datasets`);
    request.setRequestHeader('authorization', `Bearer ${token}`);
    request.setRequestHeader('idempotency-key', key);
    request.send(form);
  });
}

function headersOf(request: XMLHttpRequest): Headers {
  const headers = new Headers();
  for (const name of ['x-correlation-id', 'retry-after']) {
    const value = request.getResponseHeader(name);
    if (value !== null) headers.set(name, value);
  }
  return headers;
}
