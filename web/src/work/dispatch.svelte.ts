/** The outbox of who is signed in, for every page: it goes on sending wherever they are. */
import { onSession } from '../api/session.ts';
import { newEntry, type Entry } from './outbox.ts';
import { Sender, type Outcome } from './sender.ts';
import * as service from './service.ts';
import { store } from './store.ts';

class Dispatch {
  entries = $state.raw<readonly Entry[]>([]);
  /** The last answers that arrived, by entry. */
  private readonly heard = new Set<(outcome: Outcome) => void>();
  private sender: Sender | null = null;
  private user: string | null = null;
  private started: Promise<void> = Promise.resolve();
  private readonly tabs = new BroadcastChannel('datacrowd-outbox');

  waiting = $derived(this.entries.filter((entry) => entry.state === 'waiting'));
  refused = $derived(this.entries.filter((entry) => entry.state === 'refused'));

  /** Resolves once what earlier pages left is known, whoever asked for it first. */
  start(user: string): Promise<void> {
    if (this.user !== user) {
      this.sender?.stop();
      this.user = user;
      this.started = this.begin(user);
    }
    return this.started;
  }

  private async begin(user: string): Promise<void> {
    this.sender = new Sender(
      user,
      await store(),
      { send: service.send, relock: service.relock },
      (entries) => (this.entries = entries),
      (outcome) => this.arrived(outcome),
    );
    this.tabs.onmessage = () => void this.sender?.reread();
    addEventListener('online', () => this.sender?.hurry());
    onSession((event) => {
      if (event === 'signed-in') this.sender?.hurry();
    });
    await this.sender.start();
  }

  stop(): void {
    this.sender?.stop();
    this.sender = null;
    this.user = null;
    this.entries = [];
  }

  onArrival(listener: (outcome: Outcome) => void): () => void {
    this.heard.add(listener);
    return () => this.heard.delete(listener);
  }

  /** Resolves once the entry is on the disk. */
  async add(entry: Parameters<typeof newEntry>[0]): Promise<void> {
    await this.sender?.add(newEntry(entry, Date.now()));
  }

  recall = (id: string): Promise<boolean> => this.sender?.recall(id) ?? Promise.resolve(false);
  discard = (id: string): Promise<void> => this.sender?.discard(id) ?? Promise.resolve();
  retry = (id: string): Promise<void> => this.sender?.retry(id) ?? Promise.resolve();

  private arrived(outcome: Outcome): void {
    for (const listener of this.heard) listener(outcome);
    this.tabs.postMessage('changed');
  }
}

export const dispatch = new Dispatch();
