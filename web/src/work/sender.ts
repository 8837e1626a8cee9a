/** Sends what is in the outbox, from whichever tab comes first, until it is empty. */
import { Problem } from '../api/problem.ts';
import {
  again,
  atOnce,
  due,
  pause,
  relockVerdict,
  underLease,
  verdict,
  type Entry,
  type Sent,
} from './outbox.ts';
import type { Store } from './store.ts';

export interface Delivery {
  /** Sends one entry; throws a Problem. */
  send(entry: Entry): Promise<{ answerId: number | null; status: string }>;
  /** Takes the task again; gives the new lease's token. */
  relock(entry: Entry): Promise<string>;
}

export interface Outcome {
  readonly entry: Entry;
  readonly sent: { answerId: number | null; status: string };
}

/** So many requests at once: a queue of answers empties quickly, and the server's turn-taking is not flooded. */
const MOST_AT_ONCE = 4;

export class Sender {
  private entries: readonly Entry[] = [];
  private readonly inFlight = new Set<number>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly gone = new Set<string>();
  /** Not on the disk: on their way there, or without room. */
  private readonly unkept = new Set<string>();
  private stopped = false;

  constructor(
    private readonly user: string,
    private readonly store: Store,
    private readonly delivery: Delivery,
    private readonly changed: (entries: readonly Entry[]) => void,
    private readonly delivered: (outcome: Outcome) => void,
  ) {}

  /** Reads what an earlier page left, and goes on with it. */
  async start(): Promise<void> {
    await this.reread();
    this.wake();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  /** Takes an entry in. On screen at once; sent once it is on the disk, or cannot be: then it throws `unkept`. */
  async add(entry: Entry): Promise<void> {
    this.unkept.add(entry.id);
    this.show([...this.entries, entry]);
    const isKept = await this.store.put(entry).then(
      () => this.unkept.delete(entry.id),
      () => false,
    );
    this.wake();
    if (!isKept)
      throw new Problem(
        'unkept',
        'This browser has no room to keep your answers: each is sent at once. Stay while any is being sent.',
        0,
      );
  }

  /** Takes an entry back that was not sent yet; false when it is too late. */
  async recall(id: string): Promise<boolean> {
    const entry = this.entries.find((one) => one.id === id);
    if (entry === undefined || this.inFlight.has(entry.taskId)) return false;
    await this.drop(entry);
    return true;
  }

  /** It is off the disk before it is off the screen: a page that is left then shows it no more. */
  async discard(id: string): Promise<void> {
    await this.store.remove(id).catch(() => undefined);
    const entry = this.entries.find((one) => one.id === id);
    if (entry !== undefined) await this.drop(entry);
  }

  async retry(id: string): Promise<void> {
    const entry = this.entries.find((one) => one.id === id);
    if (entry !== undefined) await this.replace(again(entry));
    this.wake();
  }

  /** The network is back, or somebody signed in: nothing waits any longer. */
  hurry(): void {
    this.entries = this.entries.map(atOnce);
    this.wake();
  }

  /** What another tab sent is gone from the disk; what this one is just writing is not there yet. */
  async reread(): Promise<void> {
    const written = new Set(this.entries.map(({ id }) => id).filter((id) => !this.unkept.has(id)));
    const kept = await this.store.entries();
    const ids = new Set(kept.map(({ id }) => id));
    const known = new Set(this.entries.map(({ id }) => id));
    this.show([
      ...this.entries.filter(({ id }) => ids.has(id) || !written.has(id)),
      ...kept.filter(({ id, user }) => user === this.user && !this.gone.has(id) && !known.has(id)),
    ]);
  }

  private wake(): void {
    clearTimeout(this.timer);
    if (this.stopped) return;
    const room = MOST_AT_ONCE - this.inFlight.size;
    for (const entry of due(this.entries, this.user, this.inFlight, Date.now()).slice(0, Math.max(0, room))) {
      this.inFlight.add(entry.taskId);
      void this.deliver(entry);
    }
    const wait = pause(this.entries, this.user, Date.now());
    if (wait !== null && wait > 0) this.timer = setTimeout(() => this.wake(), wait);
  }

  private async deliver(entry: Entry): Promise<void> {
    try {
      // Of two tabs with the same entry one sends it; a repeated submit would be harmless, a repeated skip a riddle.
      await navigator.locks.request(`outbox:${entry.id}`, { ifAvailable: true }, async (lock) => {
        if (lock !== null) await this.settle(entry, await this.attempt(entry));
      });
    } finally {
      this.inFlight.delete(entry.taskId);
      this.wake();
    }
  }

  private async attempt(entry: Entry): Promise<Sent> {
    try {
      return { outcome: 'done', ...(await this.delivery.send(entry)) };
    } catch (thrown) {
      return { outcome: 'failed', problem: Problem.from(thrown) };
    }
  }

  private async settle(entry: Entry, sent: Sent): Promise<void> {
    const decided = verdict(entry, sent, Date.now());
    if (decided.then === 'keep') return this.replace(decided.entry);
    if (decided.then === 'relock') return this.relock(entry);
    // Together: what is no longer on its way has arrived, and can be taken back, however slow the disk is.
    const dropped = this.drop(entry);
    if (sent.outcome === 'done') this.delivered({ entry, sent });
    await dropped;
  }

  private async relock(entry: Entry): Promise<void> {
    try {
      await this.replace(underLease(entry, await this.delivery.relock(entry)));
    } catch (thrown) {
      await this.replace(relockVerdict(entry, Problem.from(thrown), Date.now()));
    }
  }

  private async replace(entry: Entry): Promise<void> {
    this.show(this.entries.map((one) => (one.id === entry.id ? entry : one)));
    // Without room the entry of before is there yet: what is sent twice is taken once.
    await this.store.put(entry).catch(() => undefined);
  }

  private async drop(entry: Entry): Promise<void> {
    this.gone.add(entry.id);
    this.show(this.entries.filter((one) => one.id !== entry.id));
    await this.store.remove(entry.id).catch(() => undefined);
  }

  private show(entries: readonly Entry[]): void {
    this.entries = entries;
    this.changed(entries);
  }
}
