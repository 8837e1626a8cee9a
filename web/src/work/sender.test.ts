import { expect, it, vi } from 'vitest';
import type { Entry } from './outbox.ts';
import { Sender } from './sender.ts';
import type { Store } from './store.ts';
import { entryAt } from './testing.ts';

const entry = entryAt(0);
vi.stubGlobal('navigator', {
  locks: { request: (_: string, __: object, callback: (lock: object) => unknown) => callback({}) },
});

it('an answer that left the outbox has arrived, however slow the disk is', async () => {
  const store = {
    entries: () => Promise.resolve([]),
    put: () => Promise.resolve(),
    remove: () => new Promise<void>(() => undefined),
  } as unknown as Store;
  let entries: readonly Entry[] = [];
  const arrived: (number | null)[] = [];
  const sender = new Sender(
    'wanda',
    store,
    {
      send: () => Promise.resolve({ answerId: 7, status: 'IN_REVIEW' }),
      relock: () => Promise.reject(new Error('no lease is lost here')),
    },
    (now) => (entries = now),
    ({ sent }) => arrived.push(sent.answerId),
  );
  await sender.start();
  await sender.add(entry);
  await vi.waitFor(() => expect(entries).toEqual([]));
  expect(arrived).toEqual([7]);
  sender.stop();
});

/** A sender over this store, what it shows, and what arrived. */
function senderOn(store: Partial<Store>) {
  const seen = { entries: [] as readonly Entry[], arrived: [] as string[] };
  const sender = new Sender(
    'wanda',
    store as Store,
    {
      send: () => Promise.resolve({ answerId: 7, status: 'IN_REVIEW' }),
      relock: () => Promise.reject(new Error('no lease is lost here')),
    },
    (now) => (seen.entries = now),
    (outcome) => seen.arrived.push(outcome.entry.id),
  );
  return { sender, seen };
}

it('an answer that is just being written stays when another tab has news', async () => {
  let written: () => void = () => undefined;
  const { sender, seen } = senderOn({
    entries: () => Promise.resolve([]),
    put: () => new Promise((done) => (written = done)),
    remove: () => Promise.resolve(),
  });
  await sender.start();
  const added = sender.add(entry);
  await sender.reread();
  expect(seen.entries.map(({ id }) => id)).toEqual([entry.id]);
  written();
  await added;
  await vi.waitFor(() => expect(seen.arrived).toEqual([entry.id]));
  sender.stop();
});

it('what another tab sent is here no longer', async () => {
  const kept = [entryAt(0, { nextAt: Date.now() + 60_000 })];
  const { sender, seen } = senderOn({ entries: () => Promise.resolve([...kept]) });
  await sender.start();
  expect(seen.entries).toHaveLength(1);
  kept.length = 0;
  await sender.reread();
  expect(seen.entries).toEqual([]);
  sender.stop();
});

it('an answer for which the disk has no room is sent, and its author told', async () => {
  const full = () => Promise.reject(new Error('full'));
  const { sender, seen } = senderOn({ entries: () => Promise.resolve([]), put: full, remove: full });
  await sender.start();
  await expect(sender.add(entry)).rejects.toMatchObject({ code: 'unkept' });
  await vi.waitFor(() => expect(seen.arrived).toEqual([entry.id]));
  expect(seen.entries).toEqual([]);
  sender.stop();
});
