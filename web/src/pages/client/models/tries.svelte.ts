/** Recordings and rows that a person tries a model on, one visit long: sent one after the other, answered side by side. */
import { api, ask, type Body } from '../../../api/client.ts';
import { Problem } from '../../../api/problem.ts';
import { sendItem, sendRow, type Progress, type Upload } from '../../../api/upload.ts';
import { follow, isWithPeople, waitSeen, watch, type Asking, type Item } from './asking.ts';
import { Row } from './row.ts';

/** As many as stand beside each other. */
export const MOST_TRIES = 10;
/** Milliseconds after which waiting needs a word. */
const LONG = 15_000;

export type Stage = 'WAITING' | 'SENDING' | 'ASKING' | 'DONE' | 'FAILED' | 'CANCELLED';

/** What a model is tried on. */
export type Subject = File | Row;

/** What it needs of the world. */
export interface World {
  readonly send: (
    inbox: string,
    subject: Subject,
    key: string,
    progress: (p: Progress) => void,
  ) => Upload<Body<'TakenItem'>>;
  readonly ask: (itemId: string, signal: AbortSignal) => Promise<Item>;
  readonly wait: Asking['wait'];
  readonly now: () => number;
}

export const world = (projectId: string): World => ({
  send: (inbox, subject, key, progress) =>
    subject instanceof Row
      ? sendRow(projectId, subject.body(inbox), key)
      : sendItem(projectId, inbox, subject, key, progress),
  ask: (id, signal) => ask(api.GET('/items/{id}', { params: { path: { id } }, signal })),
  wait: waitSeen,
  now: () => performance.now(),
});

export class Try {
  /** Of the local file: what is heard is what was sent. Nothing is heard of a row. */
  readonly url: string | null;
  readonly id = crypto.randomUUID();
  /** For Idempotency-Key: the same while nobody knows whether it arrived. */
  private key = crypto.randomUUID();
  stage = $state<Stage>('WAITING');
  progress = $state.raw<Progress | null>(null);
  item = $state.raw<Item | null>(null);
  /** Why it failed; while it is asked, why nothing was heard the last time. */
  problem = $state.raw<Problem | null>(null);
  isLong = $state(false);
  private readonly leaving = new AbortController();
  private sending: Upload<Body<'TakenItem'>> | null = null;
  private taken: string | null = null;
  private isWatched = false;

  constructor(
    readonly subject: Subject,
    readonly inbox: string,
    private readonly world: World,
  ) {
    this.url = subject instanceof Row ? null : URL.createObjectURL(subject);
  }

  /** Sends it unless it has arrived; comes back once it has, or cannot. */
  async send(): Promise<void> {
    // It may stand in the queue twice: cancelled there, and asked for once more.
    if (this.isLeft || this.stage !== 'WAITING') return;
    this.problem = null;
    try {
      if (this.taken === null) {
        this.stage = 'SENDING';
        this.sending = this.world.send(this.inbox, this.subject, this.key, (now) => (this.progress = now));
        this.taken = (await this.sending.done).itemId;
      }
    } catch (thrown) {
      return this.fail(thrown);
    } finally {
      this.sending = null;
      this.progress = null;
    }
    void this.follow(this.taken);
  }

  private async follow(itemId: string): Promise<void> {
    const { world, leaving } = this;
    const began = world.now();
    const { wait } = world;
    this.stage = 'ASKING';
    const heard = (item: Item | null, problem: Problem | null) => {
      this.item = item ?? this.item;
      this.problem = problem;
      this.isLong = world.now() - began > LONG;
    };
    const asking: Asking = {
      ask: (signal) => world.ask(itemId, signal),
      told: (item) => heard(item, null),
      unheard: (problem) => heard(null, problem),
      wait,
    };
    try {
      await follow(asking, leaving.signal);
      if (this.isLeft) return;
      this.stage = this.item?.state === 'PREDICTED' ? 'DONE' : 'FAILED';
    } catch (thrown) {
      return this.fail(thrown);
    }
    if (this.isWatched || !isWithPeople(this.item)) return;
    this.isWatched = true;
    // What models say stands already; nobody is told that people could not be heard of.
    await watch({ ...asking, unheard: () => undefined }, leaving.signal).catch(() => undefined);
    this.isWatched = false;
  }

  private fail(thrown: unknown): void {
    if (this.isLeft) return;
    const problem = Problem.from(thrown);
    const isCancelled = problem.code === 'cancelled';
    if (problem.status > 0 && !problem.isPassing) this.key = crypto.randomUUID();
    this.stage = isCancelled ? 'CANCELLED' : 'FAILED';
    this.problem = isCancelled ? null : problem;
  }

  private get isLeft(): boolean {
    return this.leaving.signal.aborted;
  }

  /** The person thinks better of it. */
  cancel(): void {
    if (this.stage === 'WAITING') this.stage = 'CANCELLED';
    else this.sending?.cancel();
  }

  /** Nobody looks at it any more. */
  leave(): void {
    if (this.isLeft) return;
    this.leaving.abort();
    this.sending?.cancel();
    if (this.url !== null) URL.revokeObjectURL(this.url);
  }
}

export class Tries {
  /** Newest first. */
  all = $state.raw<readonly Try[]>([]);
  private queue: Promise<void> = Promise.resolve();

  constructor(private readonly world: World) {}

  add(subjects: readonly Subject[], inbox: string): void {
    const added = subjects.slice(0, MOST_TRIES).map((one) => new Try(one, inbox, this.world));
    const all = [...added.toReversed(), ...this.all];
    for (const one of all.slice(MOST_TRIES)) one.leave();
    this.all = all.slice(0, MOST_TRIES);
    for (const one of added) this.send(one);
  }

  /** Once more, where it failed on its way. */
  again(one: Try): void {
    one.stage = 'WAITING';
    one.problem = null;
    this.send(one);
  }

  private send(one: Try): void {
    this.queue = this.queue.then(() => one.send());
  }

  leave(): void {
    for (const one of this.all) one.leave();
    this.all = [];
  }
}
