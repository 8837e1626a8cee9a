/** One thing that a person asks for: busy while it runs, with its problem when it fails. */
import { Problem } from '../api/problem.ts';

export class Act {
  busy = $state(false);
  problem = $state.raw<Problem | null>(null);
  /** For Idempotency-Key: the same while nobody knows whether the last try arrived, so that a repetition is harmless. */
  key = crypto.randomUUID();

  /** Runs it unless it runs already; undefined when it failed. */
  async run<T>(what: () => Promise<T>): Promise<T | undefined> {
    if (this.busy) return undefined;
    this.busy = true;
    this.problem = null;
    try {
      return await what();
    } catch (thrown) {
      this.problem = Problem.from(thrown);
      return undefined;
    } finally {
      this.busy = false;
      const { problem } = this;
      if (problem === null || (problem.status > 0 && !problem.isPassing)) this.key = crypto.randomUUID();
    }
  }

  /** What the server says of one member of the request. */
  faultOf(member: string): string | null {
    const fault = this.problem?.details[member];
    return typeof fault === 'string' ? fault : null;
  }
}
