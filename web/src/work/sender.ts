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

  /** Takes an entry in. On screen at once; sent once it is on the disk. */
  async add(entry: Entry): Promise<void> {
    this.show([...this.entries, entry]);
    await this.store.put(entry);
    this.wake();
  }

  /** Takes an entry back that was not sent yet; false when it is too late. */
  async recall(id: string): Promise<boolean> {
    const entry = this.entries.find((one) => one.id === id);
    if (entry === undefined || this.inFlight.has(entry.taskId)) return false;
    await this.drop(entry);
    return true;
  }

  async discard(id: string): Promise<void> {
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

  async reread(): Promise<void> {
    const kept = await this.store.entries();
    const mine = kept.filter((entry) => entry.user === this.user && !this.gone.has(entry.id));
    const known = new Map(this.entries.map((entry) => [entry.id, entry]));
    this.show(mine.map((entry) => known.get(entry.id) ?? entry));
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
    await this.store.put(entry);
  }

  private async drop(entry: Entry): Promise<void> {
    this.gone.add(entry.id);
    this.show(this.entries.filter((one) => one.id !== entry.id));
    await this.store.remove(entry.id);
  }

  private show(entries: readonly Entry[]): void {
    this.entries = entries;
    this.changed(entries);
  }
}
