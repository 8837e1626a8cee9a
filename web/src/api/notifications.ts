/** What a person is told in the console, by e-mail and in Telegram, and what of it they want. */
import { api, ask, type Body } from './client.ts';
import { Problem } from './problem.ts';

export type Notification = Body<'NotificationBody'>;
export type NotificationPage = Body<'NotificationPage'>;
export type NotificationSettings = Body<'NotificationSettings'>;
export type Topic = Notification['topic'];
type Chosen = Body<'ChosenSettings'>;

export const notifications = (limit: number, cursor?: string): Promise<NotificationPage> => {
  const query = { limit, ...(cursor === undefined ? {} : { cursor: Number(cursor) }) };
  return ask(api.GET('/me/notifications', { params: { query } }));
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
  (await ask(api.POST('/me/notifications/read', { body: { upTo } }))).unread;

export const notificationSettings = (): Promise<NotificationSettings> =>
  ask(api.GET('/me/notification-settings'));

export const keepNotificationSettings = (body: Chosen): Promise<NotificationSettings> =>
  ask(api.PUT('/me/notification-settings', { body }));

/** By the code that the bot gave out in a chat. */
export const linkTelegram = (code: string): Promise<unknown> =>
  ask(api.POST('/me/telegram', { body: { code } }));

export const unlinkTelegram = (): Promise<unknown> => ask(api.DELETE('/me/telegram'));

/** By the token of a mail, whoever is signed in: which topic sends no e-mail any more. */
export async function unsubscribe(token: string): Promise<Topic> {
  const response = await fetch(`/api/v1/unsubscribe/${encodeURIComponent(token)}`, { method: 'POST' }).catch(
    () => Promise.reject(Problem.offline()),
  );
  if (!response.ok) throw await Problem.of(response);
  return ((await response.json()) as { topic: Topic }).topic;
}
