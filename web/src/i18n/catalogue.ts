import type { en } from './en.ts';
import type * as account from './en/account.ts';
import type * as admin from './en/admin.ts';
import type * as client from './en/client.ts';
import type * as keys from './en/keys.ts';
import type * as notifications from './en/notifications.ts';
import type * as states from './en/states.ts';
import type * as wizard from './en/wizard.ts';
import type * as worker from './en/worker.ts';

/** Texts that only some pages show, by what is loaded at once. */
export interface Areas {
  account: typeof account;
  admin: typeof admin;
  client: typeof client;
  keys: typeof keys;
  notifications: typeof notifications;
  states: typeof states;
  wizard: typeof wizard;
  worker: typeof worker;
}
export type Area = keyof Areas;

/** What is there before any page is drawn. */
export type Base = typeof en;

/** Every text there is; Russian has the same ones, or does not compile. */
export type Catalogue = Base &
  Areas['account'] &
  Areas['admin'] &
  Areas['client'] &
  Areas['keys'] &
  Areas['notifications'] &
  Areas['states'] &
  Areas['wizard'] &
  Areas['worker'];
