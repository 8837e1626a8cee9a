/** When a lease is renewed, when it is over, and how many to hold. Times are milliseconds of the server's clock. */

export interface Lease {
  readonly token: string;
  readonly expiresAt: number;
}

/** Somebody who did nothing for this long is not at work; their leases run out. */
const IDLE_AFTER = 120_000;
/** Prefetched tasks; a short lease would end before its turn came. */
const AHEAD = 3;
const SHORT_LEASE = 60;

/** How many tasks to hold, the one on screen included. */
export const wanted = (lockSeconds: number): number => 1 + (lockSeconds >= SHORT_LEASE ? AHEAD : 1);

export const isOver = (lease: Lease, now: number): boolean => lease.expiresAt <= now;

/** Whole seconds left, for people; never below zero. */
export const secondsLeft = (lease: Lease, now: number): number =>
  Math.max(0, Math.ceil((lease.expiresAt - now) / 1000));

export const isActive = (lastInput: number, now: number): boolean => now - lastInput < IDLE_AFTER;

/** Whether to renew now: half of it is gone, its holder is active, and the server still lengthens it. */
export function isDue(
  lease: Lease,
  lockSeconds: number,
  lastInput: number,
  now: number,
  atLimit: boolean,
): boolean {
  if (atLimit || isOver(lease, now) || !isActive(lastInput, now)) return false;
  return lease.expiresAt - now <= (lockSeconds * 1000) / 2;
}

/** The server answers a renewal beyond the limit with the end that stands: nothing was gained by asking. */
export const reachedLimit = (before: Lease, after: Lease): boolean => after.expiresAt <= before.expiresAt;
