/** For tests of the outbox. */
import { newEntry, type Entry } from './outbox.ts';

/** An answer of Wanda's that was made then. */
export const entryAt = (now: number, part: Partial<Entry> = {}): Entry => ({
  ...newEntry(
    {
      id: 'e1',
      user: 'wanda',
      kind: 'submit',
      taskId: 1,
      projectId: 'p',
      leaseToken: 't1',
      body: '{}',
      activeMillis: 5,
    },
    now,
  ),
  ...part,
});
