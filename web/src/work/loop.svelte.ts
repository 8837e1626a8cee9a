/** The work on one project: which item is on screen, what is held, and what becomes of an answer. */
import { serverNow } from '../api/client.ts';
import { Problem } from '../api/problem.ts';
import { answerText, emptyValues, faults, unknownFields, valuesOf } from '../fields/form.ts';
import type { Fault, Values } from '../fields/kind.ts';
import { readJson } from '../api/json.ts';
import { again } from './again.ts';
import * as clock from './clock.ts';
import { dispatch } from './dispatch.svelte.ts';
import { DraftKeeper } from './draft-keeper.ts';
import * as drafts from './drafts.ts';
import { canTakeBack, learned, type Answered } from './history.ts';
import * as leases from './lease.ts';
import * as paces from './pace.ts';
import * as queue from './queue.ts';
import type { Outcome } from './sender.ts';
import * as service from './service.ts';

export type Notice =
  | { what: 'sent' | 'skipped' | 'tookBack' | 'nothingToTakeBack' | 'noReviewers' | 'skipStays' | 'onItsWay' }
  | { what: 'problem'; problem: Problem };

/** Without new tasks a moment ago, the server is not asked at every answer. */
const PAUSE_WHEN_DRY = 10_000;
const TICK = 1000;

export class WorkLoop {
  held = $state.raw<readonly queue.Held<service.Task>[]>([]);
  values = $state.raw<Values>({});
  wrong = $state.raw<Readonly<Record<string, Fault>>>({});
  /** Why there is no item; null while there is one, or the first claim runs. */
  nothing = $state.raw<Problem | null>(null);
  notice = $state.raw<Notice | null>(null);
  now = $state(serverNow());
  /** How far the project is, as told last: when the page was opened, and whenever there was nothing to do. */
  progress = $state.raw<service.WorkProject['progress']>({ done: 0, mine: 0, open: 0 });
  /** Answers given since the page was opened. */
  done = $state(0);
  private touched = Date.now();
  private watch = clock.started(Date.now());
  private history = $state.raw<readonly Answered[]>([]);
  private takingBack = false;
  private dryUntil = 0;
  private pace = paces.unknown;
  /** What was on screen. */
  private readonly seenTasks = new Set<number>();
  /** Answered or skipped since the last claim was asked, which may not know it: both can have arrived before its answer does. */
  private readonly leftDuringClaim = new Set<number>();
  private readonly ends: (() => void)[] = [];
  private renewing = false;
  /** Refusals that say that nothing more is taken here. */
  private shut: ReadonlySet<string> = new Set();

  current = $derived(this.held[0] ?? null);
  isOver = $derived(this.current !== null && leases.isOver(this.current.lease, this.now));
  canTakeBack = $derived(canTakeBack(this.history, dispatch.entries));
  secondsLeft = $derived(this.current === null ? 0 : leases.secondsLeft(this.current.lease, this.now));
  readonly unknown;
  private readonly lockSeconds: number;
  private readonly empty: Values;
  /** What the item on screen began with: nothing, or what a model says. */
  private begunWith: Values = this.values;
  private readonly keeper: DraftKeeper;

  constructor(
    readonly project: service.WorkProject,
    private readonly user: string,
  ) {
    this.keeper = new DraftKeeper(user, () => this.shown());
    this.progress = project.progress;
    this.empty = emptyValues(project.labeling.fields);
    this.unknown = unknownFields(project.labeling.fields);
    this.lockSeconds = project.labeling.lockSeconds ?? 600;
  }

  async start(): Promise<void> {
    const ticking = setInterval(() => this.tick(), TICK);
    this.ends.push(
      () => clearInterval(ticking),
      dispatch.onArrival((outcome) => this.arrived(outcome)),
    );
    void this.keeper.forgetOld();
    this.shut = this.shutOut();
    await this.fill();
  }

  /** Ends the work here; the tasks stay held, for the tab that goes on with them. */
  pause(): void {
    for (const end of this.ends) end();
    this.keeper.now();
  }

  stop(): void {
    this.pause();
    this.giveBack();
  }

  /** The page is being closed, or put aside by the browser. */
  leavePage(): void {
    this.keeper.atLast();
    this.giveBack();
  }

  /** The browser brought the page back as it was; what was given back may be another's by now. */
  async comeBack(): Promise<void> {
    const begun = this.current;
    this.held = this.isBegun && begun !== null ? [begun] : [];
    if (this.held.length > 0) await this.retake();
    await this.fill();
  }

  /** Everything that nobody has begun: what was typed keeps its task, so that a reload finds both. */
  private giveBack(): void {
    void service.giveBack(this.held.filter((_, i) => i > 0 || !this.isBegun));
  }

  /** Whether anybody did anything to the answer on screen. */
  private get isBegun(): boolean {
    return this.values !== this.begunWith && !drafts.isEmpty(this.values);
  }

  /** A key or a pointer. */
  alive(): void {
    this.touched = Date.now();
    this.watch = clock.touched(this.watch, this.touched);
  }

  seen(visible: boolean): void {
    this.watch = visible ? clock.resumed(this.watch, Date.now()) : clock.stopped(this.watch, Date.now());
    if (!visible) this.keeper.now();
  }

  set(name: string, value: Values[string]): void {
    this.values = { ...this.values, [name]: value };
    this.wrong = Object.fromEntries(Object.entries(this.wrong).filter(([wrong]) => wrong !== name));
    this.keeper.soon();
  }

  /** Sends the answer on its way and shows the next item; false when the form has faults. */
  submit(): boolean {
    const held = this.current;
    if (held === null) return false;
    const fields = this.project.labeling.fields;
    this.wrong = faults(fields, this.values);
    if (this.unknown.some((field) => field.required === true) || Object.keys(this.wrong).length > 0)
      return false;
    this.leave(held, 'submit', answerText(fields, this.values));
    this.done += 1;
    return true;
  }

  skip(reason: string): void {
    const held = this.current;
    if (held !== null) this.leave(held, 'skip', reason);
  }

  private leave(held: queue.Held<service.Task>, kind: 'submit' | 'skip', body: string): void {
    const id = crypto.randomUUID();
    const activeMillis = Math.round(clock.elapsed(this.watch, Date.now()));
    const taskId = held.task.id;
    this.history = queue.remember(this.history, {
      entryId: id,
      held,
      values: this.values,
      kind,
      answerId: null,
      status: null,
      stays: false,
    });
    this.keeper.cancel();
    this.pace = paces.answered(this.pace, Date.now());
    this.leftDuringClaim.add(taskId);
    this.show(queue.without(this.held, taskId));
    const entry = {
      id,
      user: this.user,
      kind,
      taskId,
      projectId: this.project.id,
      leaseToken: held.lease.token,
    };
    void dispatch
      .add({ ...entry, body, activeMillis })
      .then(() => this.keeper.forget(taskId))
      .catch((thrown: unknown) => (this.notice = { what: 'problem', problem: Problem.from(thrown) }));
    this.notice = { what: kind === 'submit' ? 'sent' : 'skipped' };
    void this.fill();
  }

  /** Takes back the last answer, if it may be; one at a time. */
  async takeBack(): Promise<void> {
    if (this.takingBack) return;
    this.takingBack = true;
    await this.takeLastBack().finally(() => (this.takingBack = false));
  }

  private async takeLastBack(): Promise<void> {
    const asked = this.history.at(-1);
    if (asked === undefined) return this.say('nothingToTakeBack');
    if (await dispatch.recall(asked.entryId)) return this.restore(asked, asked.held);
    // It may have arrived meanwhile.
    const last = this.history.find((one) => one.entryId === asked.entryId) ?? asked;
    if (last.kind === 'skip') return this.say('skipStays');
    if (last.answerId === null) return this.say('onItsWay');
    if (last.status === 'APPROVED') return this.say('noReviewers');
    try {
      const back = service.heldOf(await service.withdraw(last.answerId));
      if (back !== null) this.restore(last, back);
    } catch (thrown) {
      const problem = Problem.from(thrown);
      this.notice = { what: 'problem', problem };
      if (!problem.isPassing && problem.status !== 401) this.learn(last.entryId, { stays: true });
    }
  }

  private learn(entryId: string, news: Partial<Answered>): void {
    this.history = learned(this.history, entryId, news);
  }

  private restore(last: Answered, held: queue.Held<service.Task>): void {
    this.history = this.history.filter((one) => one.entryId !== last.entryId);
    if (last.kind === 'submit') this.done -= 1;
    this.keeper.now();
    this.show(queue.inFront(this.held, held), last.values);
    this.notice = { what: 'tookBack' };
  }

  private say(what: Exclude<Notice['what'], 'problem'>): void {
    this.notice = { what };
  }

  /** Takes the item on screen again, when its lease has ended. */
  async retake(): Promise<void> {
    const held = this.current;
    if (held === null) return;
    try {
      const back = service.heldOf(await service.lock(held.task.id));
      if (back !== null) this.held = queue.merge(this.held, [back], new Set());
    } catch (thrown) {
      this.notice = { what: 'problem', problem: Problem.from(thrown) };
    }
  }

  /** Leaves the item whose lease ended; what was typed stays as a draft. */
  moveOn(): void {
    const held = this.current;
    if (held === null) return;
    this.keeper.now();
    this.show(queue.without(this.held, held.task.id));
    void this.fill();
  }

  /** An answer that the server refused: its item again, with what was answered. */
  async reopen(entryId: string): Promise<void> {
    const entry = dispatch.entries.find((one) => one.id === entryId);
    if (entry === undefined) return;
    try {
      const held = service.heldOf(await service.lock(entry.taskId));
      if (held === null) return;
      await dispatch.discard(entryId);
      this.keeper.now();
      const answer = readJson<Record<string, unknown>>(entry.body);
      this.show(queue.inFront(this.held, held), valuesOf(this.project.labeling.fields, answer));
    } catch (thrown) {
      this.notice = { what: 'problem', problem: Problem.from(thrown) };
    }
  }

  private show(held: readonly queue.Held<service.Task>[], values?: Values): void {
    this.held = held;
    this.begunWith = this.beginning(held[0]?.task);
    this.values = values ?? this.begunWith;
    this.wrong = {};
    this.watch = clock.started(Date.now());
    const first = held[0];
    if (first !== undefined) this.seenTasks.add(first.task.id);
    if (first !== undefined && values === undefined) void this.loadDraft(first.task.id);
  }

  /** What a model says, as far as the form asks for it. */
  private beginning(task: service.Task | undefined): Values {
    const prefill = task?.prefill ?? null;
    if (prefill === null) return this.empty;
    const fields = this.project.labeling.fields.filter(({ name }) => name in prefill);
    const said = valuesOf(fields, prefill);
    const wrong = faults(fields, said);
    return {
      ...this.empty,
      ...Object.fromEntries(Object.entries(said).filter(([name]) => !(name in wrong))),
    };
  }

  private async loadDraft(taskId: number): Promise<void> {
    const values = await this.keeper.load(taskId, this.empty);
    if (values !== null && this.current?.task.id === taskId && !this.isBegun) this.values = values;
  }

  private shown(): { taskId: number; labelingVersion: number; values: Values } | null {
    // What a model says is nobody's draft.
    if (this.current === null || (this.values === this.begunWith && !drafts.isEmpty(this.values)))
      return null;
    const { id: taskId, labelingVersion } = this.current.task;
    return { taskId, labelingVersion, values: this.values };
  }

  /** Holds as many tasks as are wanted, and no claim is under way while some are given back. */
  readonly fill = again(async () => {
    await this.spare();
    while (await this.claimMore());
  });

  private get wanted(): number {
    return paces.depth(this.pace, leases.wanted(this.lockSeconds), Date.now());
  }

  /** What a pause leaves unused. */
  private get unused(): queue.Held<service.Task>[] {
    if (!paces.isPaused(this.pace, Date.now())) return [];
    return queue.spare(this.held, this.wanted, this.seenTasks);
  }

  private async spare(): Promise<void> {
    const { unused } = this;
    if (unused.length === 0) return;
    this.held = this.held.filter((held) => !unused.includes(held));
    await service.giveBack(unused);
  }

  private async claimMore(): Promise<boolean> {
    const pending = new Set(dispatch.entries.map((entry) => entry.taskId));
    const refused = new Set(dispatch.refused.map((entry) => entry.taskId)).size;
    const count = queue.toClaim(this.held.length, pending.size - refused, refused, this.wanted);
    if (count === 0 || (this.held.length > 0 && Date.now() < this.dryUntil)) return false;
    try {
      const before = this.held.length;
      const asked = performance.now();
      this.leftDuringClaim.clear();
      const claimed = await service.claim(this.project.id, count);
      this.pace = paces.claimed(this.pace, performance.now() - asked);
      const onTheirWay = dispatch.entries.map((entry) => entry.taskId);
      const answered = new Set([...pending, ...this.leftDuringClaim, ...onTheirWay]);
      const isFirst = before === 0 && this.held.length === 0;
      const merged = queue.merge(this.held, claimed, answered);
      const gained = merged.length > this.held.length;
      if (isFirst) this.show(merged);
      else this.held = merged;
      if (!gained) this.dryUntil = Date.now() + PAUSE_WHEN_DRY;
      // Dry and nothing on screen: answers on their way still hold their tasks, their arrival asks again.
      if (merged.length > 0) this.nothing = null;
      return gained && this.held.length < this.wanted;
    } catch (thrown) {
      const problem = Problem.from(thrown);
      if (problem.code === 'too_many_leases' && this.wanted > leases.wanted(this.lockSeconds)) {
        // Other projects hold some of what one person may: here the fewest do, until the pace is known again.
        this.pace = paces.unknown;
        return true;
      }
      this.dryUntil = Date.now() + PAUSE_WHEN_DRY;
      this.nothing = problem;
      if (this.current === null) void this.recount();
      return false;
    }
  }

  private async recount(): Promise<void> {
    const told = await service.project(this.project.id).catch(() => null);
    if (told !== null) this.progress = told.progress;
  }

  private arrived({ entry, sent }: Outcome): void {
    this.learn(entry.id, { answerId: sent.answerId, status: sent.status });
    if (entry.projectId !== this.project.id) return;
    if (this.current === null) this.dryUntil = 0;
    void this.fill();
  }

  /** Whoever is blocked, or whose project is gone, is not left to answer what is held in vain. */
  private lookAtRefusals(): void {
    const shut = this.shutOut();
    const isNew = [...shut].some((id) => !this.shut.has(id));
    this.shut = shut;
    if (!isNew) return;
    const kept = this.isBegun ? this.held.slice(0, 1) : [];
    if (kept.length === 0) this.show([]);
    else this.held = kept;
    this.dryUntil = 0;
    void this.fill();
  }

  private shutOut(): ReadonlySet<string> {
    const shut = dispatch.refused.filter(
      ({ projectId, refusal }) =>
        projectId === this.project.id && ['blocked', 'not_found'].includes(refusal?.code ?? ''),
    );
    return new Set(shut.map(({ id }) => id));
  }

  private tick(): void {
    this.now = serverNow();
    this.lookAtRefusals();
    const kept = queue.withoutLapsed(this.held, this.now);
    if (kept.length < this.held.length) this.held = kept;
    void this.renew();
    const retry = this.nothing?.details['retryAfter'];
    const asked = this.nothing?.retryAfter ?? PAUSE_WHEN_DRY;
    const pause = Math.min(typeof retry === 'number' ? retry * 1000 : asked, 60_000);
    const isDry = this.current === null && Date.now() - this.dryUntil > pause - PAUSE_WHEN_DRY;
    if (this.unused.length > 0 || (isDry && document.visibilityState === 'visible')) void this.fill();
  }

  private async renew(): Promise<void> {
    if (this.renewing) return;
    this.renewing = true;
    try {
      const isDue = (held: queue.Held<service.Task>) =>
        leases.isDue(held.lease, this.lockSeconds, this.touched, this.now, held.atLimit);
      for (const held of this.held.filter(isDue)) await this.renewOne(held);
    } finally {
      this.renewing = false;
    }
  }

  private async renewOne({ task, lease }: queue.Held<service.Task>): Promise<void> {
    try {
      const longer = await service.heartbeat(task.id, lease.token);
      this.held = queue.withLease(this.held, task.id, longer, leases.reachedLimit(lease, longer));
    } catch (thrown) {
      const problem = Problem.from(thrown);
      if (problem.code === 'lease_lost')
        this.held = queue.withLease(this.held, task.id, { ...lease, expiresAt: 0 }, true);
    }
  }
}
