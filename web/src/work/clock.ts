/** Time at work on one item: what counts is the time in which the page is seen and its person does something. Pure. */

export interface Stopwatch {
  readonly millis: number;
  /** Since when it runs; null while it stands. */
  readonly since: number | null;
  readonly lastInput: number;
}

/** Thinking counts as work for so long after the last key or pointer. */
const THINKING = 60_000;

export const started = (now: number): Stopwatch => ({ millis: 0, since: now, lastInput: now });

/** Up to the last sign of life and the time to think after it. */
export function elapsed(watch: Stopwatch, now: number): number {
  if (watch.since === null) return watch.millis;
  const until = Math.min(now, watch.lastInput + THINKING);
  return watch.millis + Math.max(0, until - watch.since);
}

export const stopped = (watch: Stopwatch, now: number): Stopwatch => ({
  ...watch,
  millis: elapsed(watch, now),
  since: null,
});

export const resumed = (watch: Stopwatch, now: number): Stopwatch =>
  watch.since === null ? { ...watch, since: now, lastInput: now } : watch;

/** A key or a pointer. After a long silence the silence is left out. */
export const touched = (watch: Stopwatch, now: number): Stopwatch =>
  watch.since === null || now - watch.lastInput <= THINKING
    ? { ...watch, lastInput: now }
    : { millis: elapsed(watch, now), since: now, lastInput: now };
