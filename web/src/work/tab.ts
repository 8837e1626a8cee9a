/** One tab works on a project: two would take turns at the same tasks. */

export interface TabLock {
  /** Resolves when this tab has it; at once unless another has. */
  readonly state: 'held' | 'elsewhere';
  release(): void;
}

/** Takes the lock. `steal` takes it from another tab, which is told by `lost`. */
export function takeTab(name: string, steal: boolean, lost: () => void): Promise<TabLock> {
  return new Promise((resolve) => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((end) => (release = end));
    const options = steal ? { steal: true } : { ifAvailable: true };
    let isMine = false;
    navigator.locks
      .request(name, options, (lock) => {
        if (lock === null) {
          resolve({ state: 'elsewhere', release });
          return undefined;
        }
        isMine = true;
        resolve({ state: 'held', release });
        return held;
      })
      // A stolen lock rejects what held it.
      .catch(() => {
        if (isMine) lost();
      });
  });
}
