/** What this browser keeps for the next page. Where it may keep nothing, or has no room, this page alone remembers it. */
const here = new Map<string, string>();

export const kept = {
  get(name: string): string | null {
    try {
      return here.get(name) ?? localStorage.getItem(name);
    } catch {
      return null;
    }
  },
  set(name: string, value: string): void {
    here.delete(name);
    try {
      localStorage.setItem(name, value);
    } catch {
      here.set(name, value);
    }
  },
  drop(name: string): void {
    here.delete(name);
    try {
      localStorage.removeItem(name);
    } catch {
      // Nothing was kept there.
    }
  },
};
