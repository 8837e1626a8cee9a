/** How many notifications are unread: what the bell shows, and what the page of them says once it has marked some. */
import { quietToken } from '../api/session.ts';

const PAUSE = 60_000;

class Unread {
  count = $state(0);
  /** An answer that was asked for before the page marked some is not the latest news. */
  private turn = 0;

  set(count: number): void {
    this.turn += 1;
    this.count = count;
  }

  /** Asks now, every minute, and when the tab comes back; not in a hidden one. */
  watch(): () => void {
    const ask = () => void this.ask();
    const timer = setInterval(ask, PAUSE);
    document.addEventListener('visibilitychange', ask);
    ask();
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', ask);
      this.set(0);
    };
  }

  private async ask(): Promise<void> {
    if (document.hidden) return;
    const turn = (this.turn += 1);
    try {
      const token = await quietToken();
      if (token === null) return;
      const { countUnread } = await import('../api/notifications.ts');
      const count = await countUnread(token);
      if (turn === this.turn) this.count = count;
    } catch {
      // Nobody asked for it: the number stays until the next minute.
    }
  }
}

export const unread = new Unread();
