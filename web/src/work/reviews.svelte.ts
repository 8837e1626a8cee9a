/** Reviewing: the answers shown to this reviewer, and the last decision, for taking back. */
import { api, ask, askExactly, type Body } from '../api/client.ts';
import { Problem } from '../api/problem.ts';

export type Review = Body<'ReviewBody'>;

interface Decision {
  readonly review: Review;
  readonly verdict: 'approve' | 'reject';
}

/** Shown ahead; what is not decided goes to others after five minutes. */
const AHEAD = 3;

export class ReviewLoop {
  shown = $state.raw<readonly Review[]>([]);
  nothing = $state.raw<Problem | null>(null);
  problem = $state.raw<Problem | null>(null);
  last = $state.raw<Decision | null>(null);
  done = $state(0);
  private readonly decided = new Set<number>();
  private claiming = false;
  private running: Promise<unknown> = Promise.resolve();

  current = $derived(this.shown[0] ?? null);

  constructor(private readonly projectId: string) {}

  async fill(): Promise<void> {
    if (this.claiming) return;
    this.claiming = true;
    try {
      const body = { projectId: this.projectId, count: AHEAD };
      const { reviews } = await askExactly<Body<'Reviews'>>(
        api.POST('/reviews/claim', { body, parseAs: 'text' }),
      );
      const known = new Set([...this.decided, ...this.shown.map((one) => one.answerId)]);
      this.shown = [...this.shown, ...reviews.filter((one) => !known.has(one.answerId))];
      this.nothing = null;
    } catch (thrown) {
      this.nothing = Problem.from(thrown);
    } finally {
      this.claiming = false;
    }
  }

  approve(): void {
    this.decide('approve', (answerId) =>
      ask(api.POST('/reviews/{answerId}/approve', { params: { path: { answerId } }, body: {} })),
    );
  }

  reject(comment: string): void {
    this.decide('reject', (answerId) =>
      ask(api.POST('/reviews/{answerId}/reject', { params: { path: { answerId } }, body: { comment } })),
    );
  }

  /** The next answer is on screen at once; a decision that fails brings its answer back. */
  private decide(verdict: Decision['verdict'], send: (answerId: number) => Promise<unknown>): void {
    const review = this.current;
    if (review === null) return;
    this.problem = null;
    this.decided.add(review.answerId);
    this.shown = this.shown.slice(1);
    this.last = { review, verdict };
    this.done += 1;
    this.running = this.running.then(async () => {
      try {
        await send(review.answerId);
      } catch (thrown) {
        this.failed(review, Problem.from(thrown));
      }
      if (this.shown.length < AHEAD) await this.fill();
    });
  }

  private failed(review: Review, problem: Problem): void {
    this.problem = problem;
    this.done -= 1;
    if (this.last?.review === review) this.last = null;
    // Decided by others meanwhile: there is nothing left to decide.
    if (problem.code === 'already_decided' || problem.code === 'already_reviewed') return;
    this.decided.delete(review.answerId);
    this.shown = [review, ...this.shown];
  }

  async undo(): Promise<void> {
    await this.running;
    const last = this.last;
    if (last === null) return;
    try {
      await ask(
        api.POST('/reviews/{answerId}/undo', { params: { path: { answerId: last.review.answerId } } }),
      );
      this.decided.delete(last.review.answerId);
      this.shown = [last.review, ...this.shown];
      this.last = null;
      this.done -= 1;
    } catch (thrown) {
      this.problem = Problem.from(thrown);
    }
  }
}
