/** Reviewing: the answers shown to this reviewer, and the last decisions, for taking back. */
import { api, ask, askExactly, type Body } from '../api/client.ts';
import { Problem } from '../api/problem.ts';
import { again } from './again.ts';
import { dispatch } from './dispatch.svelte.ts';
import type { Decision } from './outbox.ts';
import * as queue from './queue.ts';

export type Review = Body<'ReviewBody'>;

interface Decided {
  readonly entryId: string;
  readonly review: Review;
}

/** Shown ahead; what is not decided goes to others after five minutes. */
const AHEAD = 3;

export class ReviewLoop {
  shown = $state.raw<readonly Review[]>([]);
  nothing = $state.raw<Problem | null>(null);
  problem = $state.raw<Problem | null>(null);
  /** The last decision is being sent just now: neither here nor there. */
  isOnItsWay = $state(false);
  done = $state(0);
  private history = $state.raw<readonly Decided[]>([]);
  private readonly decided = new Set<number>();
  private undoing = false;
  private readonly end: () => void;

  current = $derived(this.shown[0] ?? null);
  last = $derived(this.history.at(-1) ?? null);

  constructor(
    private readonly projectId: string,
    private readonly user: string,
  ) {
    this.end = dispatch.onArrival(({ entry }) => {
      if (entry.projectId === projectId && this.shown.length < AHEAD) void this.fill();
    });
  }

  stop(): void {
    this.end();
  }

  /** A claim that was under way while a decision arrived saw its answer undecided yet: another one follows. */
  readonly fill = again(async () => {
    try {
      // Decisions on their way still hold their answers at the server.
      const pending = dispatch.entries.flatMap(({ answerId }) => (answerId === undefined ? [] : [answerId]));
      const body = { projectId: this.projectId, count: queue.atOnce(AHEAD + pending.length) };
      const { reviews } = await askExactly<Body<'Reviews'>>(
        api.POST('/reviews/claim', { body, parseAs: 'text' }),
      );
      const known = new Set([...this.decided, ...pending, ...this.shown.map((one) => one.answerId)]);
      this.shown = [...this.shown, ...reviews.filter((one) => !known.has(one.answerId))];
      this.nothing = null;
    } catch (thrown) {
      this.nothing = Problem.from(thrown);
    }
  });

  approve(): void {
    this.decide('approve', '');
  }

  reject(comment: string): void {
    this.decide('reject', comment);
  }

  /** The next answer is on screen at once; the decision goes out from the outbox, whatever becomes of the page. */
  private decide(kind: Decision, comment: string): void {
    const review = this.current;
    if (review === null) return;
    const id = crypto.randomUUID();
    const { answerId, task } = review;
    this.problem = null;
    this.isOnItsWay = false;
    this.decided.add(answerId);
    this.shown = this.shown.slice(1);
    this.history = queue.remember(this.history, { entryId: id, review });
    this.done += 1;
    const about = { id, user: this.user, kind, taskId: task.id, answerId, projectId: this.projectId };
    void dispatch
      .add({ ...about, leaseToken: '', body: comment, activeMillis: 0 })
      .catch((thrown: unknown) => (this.problem = Problem.from(thrown)));
    if (this.shown.length < AHEAD) void this.fill();
  }

  /** Takes the last decision back: out of the outbox, else through the server. */
  async undo(): Promise<void> {
    const last = this.last;
    if (last === null || this.undoing) return;
    this.undoing = true;
    this.problem = null;
    const { answerId } = last.review;
    try {
      if (!(await dispatch.recall(last.entryId))) {
        this.isOnItsWay = dispatch.entries.some((entry) => entry.id === last.entryId);
        if (this.isOnItsWay) return;
        await ask(api.POST('/reviews/{answerId}/undo', { params: { path: { answerId } } }));
      }
    } catch (thrown) {
      this.problem = Problem.from(thrown);
      return;
    } finally {
      this.undoing = false;
    }
    this.decided.delete(answerId);
    this.history = this.history.filter((one) => one !== last);
    this.shown = [last.review, ...this.shown.filter((one) => one.answerId !== answerId)];
    this.done -= 1;
  }
}
