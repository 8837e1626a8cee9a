import { expect, it, vi } from 'vitest';
import type { Entry } from './outbox.ts';
import { Sender } from './sender.ts';
import type { Store } from './store.ts';
import { entryAt } from './testing.ts';

const entry = entryAt(0);

it('an answer that left the outbox has arrived, however slow the disk is', async () => {
  vi.stubGlobal('navigator', {
    locks: { request: (_: string, __: object, callback: (lock: object) => unknown) => callback({}) },
  });
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
