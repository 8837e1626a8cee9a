/** How long a run will take yet, of what was seen of it. */
export class Eta {
  private first: { progress: number; at: number } | null = null;

  /** Seconds; null while too little was seen to say. */
  left(progress: number, now: number): number | null {
    if (this.first === null || progress < this.first.progress) {
      this.first = { progress, at: now };
      return null;
    }
    const gained = progress - this.first.progress;
    const seconds = (now - this.first.at) / 1000;
    return gained < 0.01 || seconds < 2 ? null : ((1 - progress) / gained) * seconds;
  }
}
