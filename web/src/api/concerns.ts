/** Which of the things that are kept an event concerns, and how often they are fetched because of events. */
export type Key = readonly string[];

interface CloudEvent {
  readonly type: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

const NUMBERS = ['project', 'stats', 'datasets', 'workers'] as const;
/** By the word behind `io.datacrowd.`: what is kept by the project's id, and what by an id in the event's data. */
const CONCERNED: Readonly<
  Record<string, { of: readonly string[]; one?: readonly [key: string, id: string] }>
> = {
  project: { of: ['project'] },
  quota: { of: ['project', 'datasets'] },
  payment: { of: ['project', 'costs'] },
  dataset: { of: ['datasets', 'project'], one: ['dataset', 'datasetId'] },
  batch: { of: NUMBERS, one: ['dataset', 'datasetId'] },
  task: { of: NUMBERS, one: ['dataset', 'datasetId'] },
  answer: { of: NUMBERS, one: ['dataset', 'datasetId'] },
  review: { of: NUMBERS, one: ['dataset', 'datasetId'] },
  worker: { of: ['workers', 'project'] },
  export: { of: ['exports'] },
  model: { of: ['models'], one: ['model', 'modelId'] },
  prediction: { of: ['predictions'], one: ['prediction', 'predictionId'] },
};

/** The keys of queries that an event of this project concerns; none for what this console does not know. */
export function concerned(projectId: string, text: string): Key[] {
  let event: Partial<CloudEvent> | null;
  try {
    event = JSON.parse(text) as Partial<CloudEvent> | null;
  } catch {
    return [];
  }
  const word = /^io\.datacrowd\.([a-z]+)\./.exec(String(event?.type))?.[1] ?? '';
  const found = Object.hasOwn(CONCERNED, word) ? CONCERNED[word] : undefined;
  if (found === undefined) return [];
  const keys: Key[] = found.of.map((key) => [key, projectId]);
  if (found.one !== undefined) {
    const [key, name] = found.one;
    const id = event?.data?.[name];
    // An event that names none concerns whichever is looked at.
    keys.push(typeof id === 'string' ? [key, id] : [key]);
  }
  return keys;
}

/** The first at once, those that follow together: at most one round a second, and none while one is on its way. */
export class Calm {
  private readonly waiting = new Map<string, Key>();
  private isBusy = false;
  private readonly fetch: (keys: Key[]) => Promise<unknown>;
  private readonly isHeld: () => boolean;
  private readonly pause: number;

  constructor(fetch: (keys: Key[]) => Promise<unknown>, isHeld: () => boolean = () => false, pause = 1000) {
    this.fetch = fetch;
    this.isHeld = isHeld;
    this.pause = pause;
  }

  add(keys: readonly Key[]): void {
    for (const key of keys) this.waiting.set(key.join('\n'), key);
    void this.go();
  }

  /** What waits is fetched, unless it is held back. */
  async go(): Promise<void> {
    if (this.isBusy || this.waiting.size === 0 || this.isHeld()) return;
    this.isBusy = true;
    const keys = [...this.waiting.values()];
    this.waiting.clear();
    const passed = new Promise((done) => setTimeout(done, this.pause));
    await Promise.allSettled([this.fetch(keys), passed]);
    this.isBusy = false;
    void this.go();
  }

  drop(): void {
    this.waiting.clear();
  }
}
