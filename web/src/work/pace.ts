/** How many tasks to hold: as many as are answered while a claim is under way. Pure; times are milliseconds. */

export interface Pace {
  /** When the last answers were given. */
  readonly answers: readonly number[];
  /** How long a claim takes; 0 until one was made. */
  readonly trip: number;
}

export const unknown: Pace = { answers: [], trip: 0 };

const REMEMBERED = 8;
/** Fewer say nothing of a pace. */
const FEWEST = 4;
/** Whoever answered nothing for so long has paused. */
const PAUSE = 10_000;
/** A task may be wanted just after a claim began: that one has to come back, and the next. */
const TRIPS = 2;
/** As many as the API lets one person hold. */
const MOST = 10;
/** The claims of a bad minute are forgotten slowly: one too few on hand is a wait. */
const FADES = 0.8;

export const answered = (pace: Pace, now: number): Pace => ({
  ...pace,
  answers: [...pace.answers, now].slice(-REMEMBERED),
});

export const claimed = (pace: Pace, took: number): Pace => ({
  ...pace,
  trip: Math.max(took, pace.trip * FADES + took * (1 - FADES)),
});

/** Whether somebody pauses: others may have what is held beyond the fewest. */
export const isPaused = ({ answers }: Pace, now: number): boolean => now - (answers.at(-1) ?? now) > PAUSE;

/** How many tasks to hold, the one on screen included; never fewer than `fewest`. */
export function depth({ answers, trip }: Pace, fewest: number, now: number): number {
  const last = answers.at(-1) ?? 0;
  const begun = answers.filter((at) => last - at <= PAUSE);
  if (begun.length < FEWEST || now - last > PAUSE) return fewest;
  const each = Math.max(1, (last - (begun[0] ?? last)) / (begun.length - 1));
  return Math.max(fewest, Math.min(MOST, 1 + Math.ceil((TRIPS * trip) / each)));
}
