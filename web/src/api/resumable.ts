/** Large files, which go on where a broken line left them: tus 1.0. What is under way is remembered over a reload. */
import { kept } from '../kept.ts';
import { readJson } from './json.ts';
import { api, ask, type Body } from './client.ts';
import { Problem } from './problem.ts';
import { cancelled, transmit, type Upload } from './upload.ts';

/** From this size on a file is sent so. */
export const LARGE = 32 * 1024 * 1024;
/** Bytes of one request: what a proxy takes, and whole parts of the server. */
const PIECE = 64 * 1024 * 1024;
/** Milliseconds before each further try, as long as nothing more arrives. */
const PAUSES = [1000, 2000, 5000, 15_000];
/** The file stands elsewhere than was thought. */
const ELSEWHERE: ReadonlySet<string> = new Set(['wrong_offset', 'upload_taken']);
/** The server forgets a folder after a day. */
const FORGOTTEN = 23 * 3600 * 1000;

interface UnderWay {
  readonly folder: Body<'UploadBody'>;
  readonly since: number;
  /** Where the bytes of each file go. */
  readonly files: Readonly<Record<string, string>>;
}

const placeOf = (projectId: string): string => `datacrowd.uploads.${projectId}`;
/** The same file chosen once more has the same. */
const markOf = (file: File): string => `${file.name}:${file.size}:${file.lastModified}`;

function underWay(projectId: string): UnderWay | null {
  const text = kept.get(placeOf(projectId));
  if (text === null) return null;
  try {
    const read = readJson<UnderWay>(text);
    return Date.now() - read.since < FORGOTTEN ? read : null;
  } catch {
    return null;
  }
}

/** Where these files go: the folder that one of them was on its way to, else a new one. */
export async function folderFor(projectId: string, files: readonly File[]): Promise<Body<'UploadBody'>> {
  const found = underWay(projectId);
  if (found !== null && files.some((file) => markOf(file) in found.files)) return found.folder;
  return ask(api.POST('/projects/{id}/uploads', { params: { path: { id: projectId } } }));
}

/** Nothing is under way any more. */
export const forget = (projectId: string): void => kept.drop(placeOf(projectId));

function remember(projectId: string, folder: Body<'UploadBody'>, file: File, location: string): void {
  const found = underWay(projectId);
  const same = found?.folder.id === folder.id ? found : null;
  const files = { ...same?.files, [markOf(file)]: location };
  kept.set(placeOf(projectId), JSON.stringify({ folder, since: same?.since ?? Date.now(), files }));
}

/** Sends what the server lacks of a file. */
export function putLarge(
  projectId: string,
  folder: Body<'UploadBody'>,
  name: string,
  file: File,
  progress: (sent: number) => void,
): Upload<void> {
  let running: Upload<Response> | null = null;
  let isOver = false;
  const request = async (...args: Parameters<typeof transmit>): Promise<Response> => {
    if (isOver) throw cancelled();
    const [method, path, body, headers, told] = args;
    running = transmit(method, path, body, { 'tus-resumable': '1.0.0', ...headers }, told);
    return running.done;
  };
  const sendFrom = async (location: string, from: number): Promise<number> => {
    const headers = { 'upload-offset': String(from), 'content-type': 'application/offset+octet-stream' };
    const piece = file.slice(from, from + PIECE);
    return offsetOf(await request('PATCH', location, piece, headers, (sent) => progress(from + sent)));
  };
  const send = async () => {
    let at: { location: string; offset: number } | null = null;
    for (let [most, idle] = [0, 0]; ;) {
      try {
        at ??= await stand(projectId, folder, name, file, request);
        if (at.offset > most) [most, idle] = [at.offset, 0];
        progress(at.offset);
        if (at.offset >= file.size) return;
        at = { ...at, offset: await sendFrom(at.location, at.offset) };
      } catch (thrown) {
        const problem = Problem.from(thrown);
        const pause = PAUSES[idle];
        if (pause === undefined || !(problem.isPassing || ELSEWHERE.has(problem.code))) throw problem;
        await wait(Math.max(pause, problem.retryAfter ?? 0));
        idle += 1;
        at = null;
      }
    }
  };
  const cancel = () => {
    isOver = true;
    running?.cancel();
  };
  return { done: send(), cancel };
}

const wait = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));
const offsetOf = (answer: Response): number => Number(answer.headers.get('upload-offset'));

/** Where a file's bytes go, and how many have arrived: of one that is under way already, else from the beginning. */
async function stand(
  projectId: string,
  folder: Body<'UploadBody'>,
  name: string,
  file: File,
  request: (...args: Parameters<typeof transmit>) => Promise<Response>,
): Promise<{ location: string; offset: number }> {
  const found = underWay(projectId);
  const known = found?.folder.id === folder.id ? found.files[markOf(file)] : undefined;
  if (known !== undefined) {
    try {
      return { location: known, offset: offsetOf(await request('HEAD', known, null, {})) };
    } catch (thrown) {
      if (Problem.from(thrown).status !== 404) throw thrown;
    }
  }
  const type = file.type === '' ? 'application/octet-stream' : file.type;
  const answer = await request('POST', `/uploads/${folder.id}/files`, null, {
    'upload-length': String(file.size),
    'upload-metadata': `filename ${base64(name)},filetype ${base64(type)}`,
  });
  const location = (answer.headers.get('location') ?? '').replace(/^\/api\/v1/, '');
  remember(projectId, folder, file, location);
  return { location, offset: 0 };
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
