/** Keeps what is typed: soon after each key, and at once when the page goes away. */
import type { Values } from '../fields/kind.ts';
import * as drafts from './drafts.ts';
import { dropLast, keepLast, lastDraft, store } from './store.ts';

const SAVE_AFTER = 250;

export class DraftKeeper {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly user: string,
    /** What is on screen now; null while there is no item. */
    private readonly current: () => { taskId: number; labelingVersion: number; values: Values } | null,
  ) {}

  /** What was typed for this task before, as far as the form still asks for it. */
  async load(taskId: number, empty: Values): Promise<Values | null> {
    const kept = await (await store()).draft(this.user, taskId);
    const draft = drafts.later(kept, lastDraft(this.user, taskId));
    return draft === undefined ? null : drafts.fitting(draft, empty);
  }

  soon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.now(), SAVE_AFTER);
  }

  now(): void {
    this.cancel();
    const draft = this.draft();
    if (draft === null) return;
    const { user, taskId, values } = draft;
    void store().then((kept) =>
      drafts.isEmpty(values) ? kept.dropDraft(user, taskId) : kept.saveDraft(draft),
    );
  }

  /** The page goes away: nothing that is asynchronous is sure to end. */
  atLast(): void {
    const draft = this.draft();
    if (draft !== null && !drafts.isEmpty(draft.values)) keepLast(draft);
  }

  cancel(): void {
    clearTimeout(this.timer);
  }

  /** The answer is in the outbox. */
  async forget(taskId: number): Promise<void> {
    dropLast(this.user, taskId);
    await (await store()).dropDraft(this.user, taskId);
  }

  async forgetOld(): Promise<void> {
    await (await store()).dropOldDrafts(Date.now());
  }

  private draft(): drafts.Draft | null {
    const shown = this.current();
    return shown === null ? null : { user: this.user, ...shown, savedAt: Date.now() };
  }
}
