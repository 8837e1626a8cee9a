/** The API's calls of the work loop, with answers and cells whose numbers keep their digits. */
import { api, ask, askExactly, type Body } from '../api/client.ts';
import { heldToken } from '../api/session.ts';
import { readJson } from '../api/json.ts';
import type { Lease } from './lease.ts';
import type { Entry } from './outbox.ts';
import type { Held } from './queue.ts';

export type Task = Body<'TaskBody'>;
export type WorkProject = Body<'WorkProjectBody'>;
export type Cells = Readonly<Record<string, unknown>>;

export const cellsOf = (task: Task): Cells => task.payload as Cells;

const leaseOf = (body: Body<'LeaseBody'>): Lease => ({
  token: body.token,
  expiresAt: Date.parse(body.expiresAt),
});

export function heldOf(task: Task): Held<Task> | null {
  const lease = task.lease ?? null;
  return lease === null ? null : { task, lease: leaseOf(lease), atLimit: false };
}

const at = (id: number) => ({ params: { path: { id } } });

export const project = (id: string): Promise<WorkProject> =>
  askExactly(api.GET('/work/projects/{id}', { params: { path: { id } }, parseAs: 'text' }));

export async function claim(projectId: string, count: number): Promise<Held<Task>[]> {
  const answer = api.POST('/tasks/claim', { body: { projectId, count }, parseAs: 'text' });
  const { tasks } = await askExactly<Body<'Tasks'>>(answer);
  return tasks.map(heldOf).filter((held) => held !== null);
}

export const lock = (id: number): Promise<Task> =>
  askExactly(api.POST('/tasks/{id}/lock', { ...at(id), parseAs: 'text' }));

export const withdraw = (answerId: number): Promise<Task> =>
  askExactly(api.POST('/answers/{id}/withdraw', { ...at(answerId), parseAs: 'text' }));

export async function heartbeat(id: number, leaseToken: string): Promise<Lease> {
  return leaseOf(await ask(api.POST('/tasks/{id}/heartbeat', { ...at(id), body: { leaseToken } })));
}

export async function send(entry: Entry): Promise<{ answerId: number | null; status: string }> {
  const { taskId, leaseToken, activeMillis } = entry;
  if (entry.answerId !== undefined) return decide(entry.answerId, entry);
  if (entry.kind === 'skip') {
    await ask(api.POST('/tasks/{id}/skip', { ...at(taskId), body: { leaseToken, reason: entry.body } }));
    return { answerId: null, status: 'SKIPPED' };
  }
  const answer = readJson<Record<string, never>>(entry.body);
  const body = { leaseToken, answer, activeMillis };
  const { answerId, status } = await ask(api.POST('/tasks/{id}/submit', { ...at(taskId), body }));
  return { answerId, status };
}

async function decide(answerId: number, { kind, body: comment }: Entry) {
  const path = { params: { path: { answerId } } };
  const { status } =
    kind === 'approve'
      ? await ask(api.POST('/reviews/{answerId}/approve', { ...path, body: {} }))
      : await ask(api.POST('/reviews/{answerId}/reject', { ...path, body: { comment } }));
  return { answerId, status };
}

export async function relock(entry: Entry): Promise<string> {
  const held = heldOf(await lock(entry.taskId));
  return held?.lease.token ?? entry.leaseToken;
}

/** Gives tasks back, also while the page goes away; a lease that cannot be given back ends by itself. */
export async function giveBack(held: readonly Held<Task>[]): Promise<void> {
  const token = heldToken();
  if (token === null) return;
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const gone = held.map(({ task, lease }) =>
    fetch(`/api/v1/tasks/${task.id}/unlock`, {
      method: 'POST',
      keepalive: true,
      headers,
      body: JSON.stringify({ leaseToken: lease.token }),
    }).catch(() => undefined),
  );
  await Promise.all(gone);
}
