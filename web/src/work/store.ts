/** Outbox and drafts in IndexedDB: what must outlive a reload, a crash and a closed tab. */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import { kept } from '../kept.ts';
import { isOld, type Draft } from './drafts.ts';
import type { Entry } from './outbox.ts';

interface Schema extends DBSchema {
  outbox: { key: string; value: Entry };
  drafts: { key: [string, number]; value: Draft };
}

export interface Store {
  entries(): Promise<Entry[]>;
  put(entry: Entry): Promise<void>;
  remove(id: string): Promise<void>;
  draft(user: string, taskId: number): Promise<Draft | undefined>;
  saveDraft(draft: Draft): Promise<void>;
  dropDraft(user: string, taskId: number): Promise<void>;
  dropOldDrafts(now: number): Promise<void>;
}

/** Answers must be on the disk, not in a buffer, when the screen moves on. */
const SAFE = { durability: 'strict' } as const;

export async function openStore(): Promise<Store> {
  const db: IDBPDatabase<Schema> = await openDB<Schema>('datacrowd-work', 1, {
    upgrade(made) {
      made.createObjectStore('outbox', { keyPath: 'id' });
      made.createObjectStore('drafts', { keyPath: ['user', 'taskId'] });
    },
  });
  return {
    entries: () => db.getAll('outbox'),
    async put(entry) {
      const tx = db.transaction('outbox', 'readwrite', SAFE);
      await Promise.all([tx.store.put(entry), tx.done]);
    },
    remove: (id) => db.delete('outbox', id),
    draft: (user, taskId) => db.get('drafts', [user, taskId]),
    async saveDraft(draft) {
      await db.put('drafts', draft);
    },
    dropDraft: (user, taskId) => db.delete('drafts', [user, taskId]),
    async dropOldDrafts(now) {
      const tx = db.transaction('drafts', 'readwrite');
      for await (const cursor of tx.store) if (isOld(cursor.value, now)) await cursor.delete();
      await tx.done;
    },
  };
}

/** A browser that lets a site keep nothing: every `put` says so. */
const NOWHERE: Store = {
  entries: () => Promise.resolve([]),
  put: () => Promise.reject(new Error('nothing is kept here')),
  remove: () => Promise.resolve(),
  draft: () => Promise.resolve(undefined),
  saveDraft: () => Promise.resolve(),
  dropDraft: () => Promise.resolve(),
  dropOldDrafts: () => Promise.resolve(),
};

let opened: Promise<Store> | null = null;

/** The one store of this page. */
export const store = (): Promise<Store> => (opened ??= openStore().catch(() => NOWHERE));

const LAST = 'datacrowd.last-draft';

/** Keeps a draft while the page goes away: nothing that is asynchronous is sure to end any more. */
export function keepLast(draft: Draft): void {
  kept.set(LAST, JSON.stringify(draft));
}

/** The draft that the last page left in a hurry, if it is this one's. */
export function lastDraft(user: string, taskId: number): Draft | undefined {
  const text = kept.get(LAST);
  const draft = text === null ? undefined : (JSON.parse(text) as Draft);
  return draft?.user === user && draft.taskId === taskId ? draft : undefined;
}

export function dropLast(user: string, taskId: number): void {
  if (lastDraft(user, taskId) !== undefined) kept.drop(LAST);
}
