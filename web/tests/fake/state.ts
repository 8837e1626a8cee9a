/** What the fake knows. */
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Body } from '../../src/api/client.ts';
import type { NotificationSettings } from '../../src/api/notifications.ts';
import type { FakeItem } from './items.ts';
import type { FakeNotification } from './notifications.ts';
import type { FakeDelivery, FakeWebhook } from './webhooks.ts';

export type Role = 'WORKER' | 'CLIENT' | 'ADMIN';
export type Labeling = Body<'LabelingBody'>;

export interface User {
  readonly id: string;
  readonly username: string;
  role: Role;
  status: string;
  password: string;
  totp: string | null;
}

export interface Session {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly tokenType: 'Bearer';
  readonly expiresIn: number;
}

export interface Lease {
  user: string;
  token: string;
  expiresAt: number;
}

export interface FakeTask {
  /** What a model says. */
  prefill?: Record<string, unknown>;
  readonly id: number;
  readonly payload: Record<string, unknown>;
  lease: Lease | null;
  answer: FakeAnswer | null;
  readonly skippedBy: Set<string>;
}

export interface FakeAnswer {
  readonly id: number;
  readonly taskId: number;
  readonly user: string;
  readonly token: string;
  readonly answer: Record<string, unknown>;
  readonly at: string;
  status: string;
  decisions: Body<'PreviousBody'>[];
}

export const PROJECT = '0190a000-0000-7000-8000-000000000001';
export const DATASET = '0190a000-0000-7000-8000-0000000000d1';
export const MODEL = '0190a000-0000-7000-8000-0000000000a1';
/** A model of recordings that is kept loaded, in a project that has an inbox. */
export const WARM_MODEL = '0190a000-0000-7000-8000-0000000000a3';
export const VOICES = '0190a000-0000-7000-8000-000000000002';
export const INBOX = '0190a000-0000-7000-8000-0000000000d2';
export const WEBHOOK = '0190a000-0000-7000-8000-0000000000b1';
export const PREDICTION = '0190a000-0000-7000-8000-0000000000c0';

export class State {
  /** Milliseconds; what the double calls now. */
  now: () => number = Date.now;
  isDown = false;
  /** The stream of events: a server without the route unless `has`; what was asked with as Last-Event-ID; who listens. */
  readonly stream = { has: false, asked: [] as string[], open: new Set<ServerResponse>() };
  /** Why nothing is handed out, in place of the true reason. */
  nothing: string | null = null;
  leasedUntil: string | null = null;
  latency = 0;
  /** Seconds of an access token. */
  accessTtl = 900;
  /** Renewals that run now, and the most that ever ran at once. */
  readonly refreshes = { now: 0, most: 0 };
  /** Seconds of a link to a file. */
  linkTtl = 300;
  readonly users: User[] = [];
  /** Live refresh tokens. */
  readonly refresh = new Map<string, string>();
  /** Used ones with what followed them: soon after, the same again; later it ends all sessions. */
  private readonly used = new Map<string, { session: Session; at: number }>();
  private readonly access = new Map<string, { user: string; until: number }>();
  labeling: Labeling;
  /** What the owner says, by task. */
  readonly decisions = new Map<number, unknown>();
  /** Gold that is given to nobody any more, and the task that one was made of last. */
  readonly retired = new Set<number>();
  madeGold: number | null = null;
  tasks: FakeTask[] = [];
  readonly answers: FakeAnswer[] = [];
  /** Every submit that was acknowledged, in order. */
  readonly log: { taskId: number; user: string; answer: Record<string, unknown> }[] = [];
  /** Paths whose next answer is lost on its way back. */
  readonly lost: string[] = [];
  datasets: Body<'DatasetBody'>[] = [];
  exports: Body<'ExportBody'>[] = [];
  projects: Body<'ProjectBody'>[] = [];
  /** Names of projects that workers see before the others, and in which nothing is left to do. */
  finished: string[] = [];
  models: Body<'ModelBody'>[] = [];
  /** Of every task that is reviewed. */
  modelsSaid: Body<'ModelSaidBody'>[] = [];
  predictions: Body<'PredictionBody'>[] = [];
  /** Requests for models that were accepted, and what the next ones are refused with, by member. */
  readonly madeModels: Record<string, unknown>[] = [];
  readonly refusedModels: Record<string, string>[] = [];
  inboxes: Body<'DatasetBody'>[] = [];
  readonly items: FakeItem[] = [];
  /** What the next recordings are refused with, and how often the next looks at one fail. */
  readonly refusedItems: (readonly [status: number, code: string])[] = [];
  unheardItems = 0;
  /** Whether the project takes no answers of anybody any more. */
  isBlocked = false;
  /** Whether people who are asked about items have had their say. */
  peopleAnswered = false;
  webhooks: FakeWebhook[] = [];
  deliveries: FakeDelivery[] = [];
  /** How many secrets were made, how often somebody looked for a test event, and whether it meets a server that is down. */
  secrets = 0;
  looks = 0;
  isHookDown = false;
  /** Newest first, of everybody. */
  notifications: FakeNotification[] = [];
  readonly notificationSettings = new Map<string, NotificationSettings>();
  hasEmail = true;
  /** Null on a platform without a bot; who has linked a chat with it; the codes that were entered. */
  telegramBot: string | null = null;
  readonly telegramLinks = new Set<string>();
  readonly telegramCodes: string[] = [];
  /** Media by the name that a cell has. */
  readonly files = new Map<string, { bytes: Buffer; type: string }>();
  invitations: Body<'InvitationBody'>[] = [];
  deletedProjects: Body<'ProjectBody'>[] = [];
  deletedDatasets: Body<'DatasetBody'>[] = [];
  /** Uploads as they came. */
  readonly uploads: string[] = [];
  /** Large files that were begun. */
  begun = 0;
  /** The one that is under way. */
  large: { name: string; size: number; bytes: Buffer } | null = null;
  /** Names of the files that were put into a folder. */
  puts: string[] = [];
  /** By a file's name: what its next tries are refused with. */
  readonly refusedPuts = new Map<string, number[]>();
  /** How often nothing had changed since somebody asked. */
  unchanged = 0;
  /** Without overlap nothing is measured. */
  isAgreementMeasured = true;
  isTrusted = false;
  quota = 0;
  private next = 1;

  constructor() {
    this.person('wanda', 'WORKER');
    this.person('otto', 'WORKER');
    this.person('clara', 'CLIENT');
    this.person('ada', 'ADMIN');
    this.labeling = {
      instructions:
        '# Rate the feeling\n\nRead the **whole** sentence.\n\n- Rate the words, not the product.\n- A question is `0`.\n\n<img src=x onerror=alert(1)>',
      display: [{ column: 'text', kind: 'TEXT' }],
      externalIdColumn: 'id',
      fields: [
        {
          name: 'rating',
          title: 'How does the sentence feel?',
          type: 'SINGLE_CHOICE',
          options: ['bad', 'neutral', 'good'],
          required: true,
        },
      ],
      answersPerTask: 1,
      reviewersPerAnswer: 1,
      rewardPoints: 5,
      lockSeconds: 600,
      onReject: 'REQUEUE',
      audience: 'PUBLIC',
    };
    this.fill(12);
  }

  person(username: string, role: Role): User {
    const user = {
      id: randomUUID(),
      username,
      role,
      status: 'ACTIVE',
      password: 'correct horse battery',
      totp: null,
    };
    this.users.push(user);
    return user;
  }

  fill(
    count: number,
    payload = (n: number): Record<string, unknown> => ({
      id: `r${n}`,
      text: `The battery of number ${n} lasts two days, which I like.`,
    }),
  ): void {
    this.tasks = Array.from({ length: count }, (_, i) => ({
      id: i + 1,
      payload: payload(i + 1),
      lease: null,
      answer: null,
      skippedBy: new Set<string>(),
    }));
  }

  id = (): number => this.next++;

  session(user: User): Session {
    const claims = { userId: user.id, sub: user.id, username: user.username, role: user.role, n: this.id() };
    const accessToken = `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;
    this.access.set(accessToken, { user: user.id, until: this.now() + this.accessTtl * 1000 });
    const refreshToken = randomUUID();
    this.refresh.set(refreshToken, user.id);
    return { accessToken, refreshToken, tokenType: 'Bearer', expiresIn: this.accessTtl };
  }

  /** What follows a refresh token; within half a minute the same again, for a lost answer or a second tab. */
  successor(token: string): Session | 'reused' | null {
    const before = this.used.get(token);
    if (before !== undefined && Date.now() - before.at < 30_000) return before.session;
    if (before !== undefined) {
      this.endSessions();
      return 'reused';
    }
    const user = this.refresh.get(token);
    if (user === undefined) return null;
    this.refresh.delete(token);
    const session = this.session(this.user(user));
    this.used.set(token, { session, at: Date.now() });
    return session;
  }

  userOf(token: string | undefined): string | null {
    const known = this.access.get(token ?? '');
    return known !== undefined && known.until > this.now() ? known.user : null;
  }

  /** Every session is over, as after a reset of the password. */
  endSessions(): void {
    this.access.clear();
    this.refresh.clear();
    this.used.clear();
  }

  /** Access tokens are over, sessions are not. */
  expireAccess(): void {
    this.access.clear();
  }

  loseNextAnswer(path: string): boolean {
    const at = this.lost.findIndex((one) => path.endsWith(one));
    if (at >= 0) this.lost.splice(at, 1);
    return at >= 0;
  }

  user = (id: string | null): User => {
    const found = this.users.find((one) => one.id === id);
    if (found === undefined) throw new Error('nobody');
    return found;
  };
}
