/** Sends files with their progress: fetch tells none on the way up. */
import type { Body } from './client.ts';
import { Problem } from './problem.ts';
import { accessToken } from './session.ts';

export interface Progress {
  readonly sent: number;
  readonly total: number;
  /** Bytes per second, of all so far. */
  readonly rate: number;
}

export interface Upload<T> {
  readonly done: Promise<T>;
  cancel(): void;
}

export const rateOf = (bytes: number, began: number): number =>
  bytes / Math.max(0.001, (performance.now() - began) / 1000);

/** Sends a table, which becomes a dataset. */
export const upload = (
  projectId: string,
  file: File,
  settings: Readonly<Record<string, string>>,
  key: string,
  progress: (p: Progress) => void,
): Upload<Body<'DatasetBody'>> => sendForm(`/projects/${projectId}/datasets`, file, settings, key, progress);

/** Sends a recording to an inbox, where models answer it. */
export const sendItem = (
  projectId: string,
  inbox: string,
  file: File,
  key: string,
  progress: (p: Progress) => void,
): Upload<Body<'TakenItem'>> => sendForm(`/projects/${projectId}/items`, file, { inbox }, key, progress);

/** A row goes to its inbox as JSON that is written already: no digit of a number is lost. */
export const sendRow = (projectId: string, body: string, key: string): Upload<Body<'TakenItem'>> =>
  read(
    transmit('POST', `/projects/${projectId}/items`, body, {
      'content-type': 'application/json',
      'idempotency-key': key,
    }),
  );

function sendForm<T>(
  path: string,
  file: File,
  settings: Readonly<Record<string, string>>,
  key: string,
  progress: (p: Progress) => void,
): Upload<T> {
  const form = new FormData();
  // Settings first: the server streams the file and wants to know them before it.
  for (const [name, value] of Object.entries(settings)) form.append(name, value);
  form.append('file', file, file.name);
  const began = performance.now();
  return read(
    transmit('POST', path, form, { 'idempotency-key': key }, (sent, total) =>
      progress({ sent, total, rate: rateOf(sent, began) }),
    ),
  );
}

/** Puts one file into a folder. */
export function put(
  uploadId: string,
  name: string,
  file: File,
  progress: (sent: number) => void,
): Upload<Body<'UploadedFileBody'>> {
  const path = `/uploads/${uploadId}/file?name=${encodeURIComponent(name)}`;
  const type = file.type === '' ? 'application/octet-stream' : file.type;
  return read(transmit('PUT', path, file, { 'content-type': type }, progress));
}

const read = <T>({ done, cancel }: Upload<Response>): Upload<T> => ({
  done: done.then((answer) => answer.json() as Promise<T>),
  cancel,
});

export const cancelled = (): Problem => new Problem('cancelled', 'The upload was cancelled.', 0);

/** A request that tells how much of its body is sent. */
export function transmit(
  method: string,
  path: string,
  body: FormData | Blob | string | null,
  headers: Readonly<Record<string, string>>,
  progress: (sent: number, total: number) => void = () => undefined,
): Upload<Response> {
  const request = new XMLHttpRequest();
  let isCancelled = false;
  const send = (token: string): Promise<Response> =>
    new Promise((resolve, reject) => {
      if (isCancelled) return reject(cancelled());
      request.upload.onprogress = ({ loaded, total }) => progress(loaded, total);
      request.onload = () => {
        const answer = new Response(request.status === 204 ? null : request.responseText, {
          status: request.status,
          headers: headersOf(request),
        });
        if (answer.ok) resolve(answer);
        else Problem.of(answer).then(reject, reject);
      };
      request.onerror = () => void broken(body).then(reject);
      request.onabort = () => reject(cancelled());
      request.open(method, `/api/v1${path}`);
      request.setRequestHeader('authorization', `Bearer ${token}`);
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      request.send(body);
    });
  const cancel = () => {
    isCancelled = true;
    request.abort();
  };
  return { done: accessToken().then(send), cancel };
}

/** Why nothing was sent: a browser does not read a file that was written since it was chosen. */
async function broken(body: FormData | Blob | string | null): Promise<Problem> {
  const file = body instanceof FormData ? body.get('file') : body;
  const isReadable =
    !(file instanceof Blob) ||
    (await file
      .slice(0, 1)
      .arrayBuffer()
      .then(
        () => true,
        () => false,
      ));
  return isReadable
    ? Problem.offline()
    : new Problem('file_changed', 'The file changed since you chose it. Choose it again.', 0);
}

function headersOf(request: XMLHttpRequest): Headers {
  const headers = new Headers();
  for (const name of ['x-correlation-id', 'retry-after', 'location', 'upload-offset']) {
    const value = request.getResponseHeader(name);
    if (value !== null) headers.set(name, value);
  }
  return headers;
}
