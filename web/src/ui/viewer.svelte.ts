/** Who looks at the page, for everything that is drawn by it. */
import { Problem } from '../api/problem.ts';
import { currentPerson, onSession, resume, type Person } from '../api/session.ts';

type Phase = 'starting' | 'out' | 'in' | 'unreachable';

class Viewer {
  person = $state.raw<Person | null>(null);
  phase = $state<Phase>('starting');
  /** The session ended while its person was at work: what is on screen stays, and they sign in over it. */
  expired = $state(false);
  problem = $state.raw<Problem | null>(null);

  constructor() {
    onSession((event) => {
      if (event === 'expired') this.expired = true;
      else if (event === 'signed-out') {
        this.person = null;
        this.phase = 'out';
      } else this.enter(currentPerson());
    });
  }

  private enter(person: Person | null): void {
    const former = this.person;
    this.expired = false;
    // The same person again: nothing on screen is drawn anew.
    if (former !== null && person !== null) return;
    this.person = person;
    this.phase = person === null ? 'out' : 'in';
  }

  async begin(): Promise<void> {
    this.phase = 'starting';
    try {
      this.enter(await resume());
    } catch (thrown) {
      this.problem = Problem.from(thrown);
      this.phase = 'unreachable';
    }
  }
}

export const viewer = new Viewer();
