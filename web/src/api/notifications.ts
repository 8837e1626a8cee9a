/** What a person is told in the console and by e-mail, and what of it they want. */
import type { Client } from 'openapi-fetch';
import { api, ask } from './client.ts';
import { Problem } from './problem.ts';

export type Topic = 'EXPORTS' | 'DATASETS' | 'PAYMENTS' | 'WEBHOOKS' | 'QUALIFICATION';

export interface Notification {
  readonly id: number;
  readonly topic: Topic;
  /** The event's, such as `io.datacrowd.export.ready.v1`. */
  readonly type: string;
  readonly projectId: string | null;
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly happenedAt: string;
  readonly readAt: string | null;
}

export interface NotificationPage {
  readonly items: Notification[];
  readonly nextCursor: string | null;
  readonly unread: number;
}

export interface TopicSetting {
  readonly topic: Topic;
  readonly inApp: boolean;
  readonly email: boolean;
}

export interface NotificationSettings {
  readonly language: 'en' | 'ru';
  readonly emailAvailable: boolean;
  readonly topics: TopicSetting[];
}

type SettingsRequest = Pick<NotificationSettings, 'language' | 'topics'>;

interface Json<T> {
  readonly content: { readonly 'application/json': T };
}
interface NotificationPaths {
  '/me/notifications': {
    get: {
      parameters: { query?: { cursor?: string; limit?: number } };
      responses: { 200: Json<NotificationPage> };
    };
  };
  '/me/notifications/read': {
    post: { requestBody: Json<{ upTo: number }>; responses: { 200: Json<{ unread: number }> } };
  };
  '/me/notification-settings': {
    get: { responses: { 200: Json<NotificationSettings> } };
    put: { requestBody: Json<SettingsRequest>; responses: { 200: Json<NotificationSettings> } };
  };
}
const notificationApi = api as unknown as Client<NotificationPaths>;

export const notifications = (limit: number, cursor?: string): Promise<NotificationPage> => {
  const query = { limit, ...(cursor === undefined ? {} : { cursor }) };
  return ask(notificationApi.GET('/me/notifications', { params: { query } }));
};

/** Only how many are unread, with a token that is there already. */
export async function countUnread(token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch('/api/v1/me/notifications?limit=1', { headers });
  if (!response.ok) throw await Problem.of(response);
  return ((await response.json()) as NotificationPage).unread;
}

/** Marks this one and all older ones; how many are unread then. */
export const markRead = async (upTo: number): Promise<number> =>
  (await ask(notificationApi.POST('/me/notifications/read', { body: { upTo } }))).unread;

export const notificationSettings = (): Promise<NotificationSettings> =>
  ask(notificationApi.GET('/me/notification-settings'));

export const keepNotificationSettings = (body: SettingsRequest): Promise<NotificationSettings> =>
  ask(notificationApi.PUT('/me/notification-settings', { body }));

/** By the token of a mail, whoever is signed in: which topic sends no e-mail any more. */
export async function unsubscribe(token: string): Promise<Topic> {
  const response = await fetch(`/api/v1/unsubscribe/${encodeURIComponent(token)}`, { method: 'POST' }).catch(
    () => Promise.reject(Problem.offline()),
  );
  if (!response.ok) throw await Problem.of(response);
  return ((await response.json()) as { topic: Topic }).topic;
}
