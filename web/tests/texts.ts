/** What the console says, in each of its languages: tests find things by it. */
import type { Catalogue } from '../src/i18n/catalogue.ts';
import type { Language } from '../src/i18n/index.ts';
import { en } from '../src/i18n/en.ts';
import * as enAccount from '../src/i18n/en/account.ts';
import * as enAdmin from '../src/i18n/en/admin.ts';
import * as enClient from '../src/i18n/en/client.ts';
import * as enKeys from '../src/i18n/en/keys.ts';
import * as enNotifications from '../src/i18n/en/notifications.ts';
import * as enStates from '../src/i18n/en/states.ts';
import * as enWizard from '../src/i18n/en/wizard.ts';
import * as enWorker from '../src/i18n/en/worker.ts';
import { ru } from '../src/i18n/ru.ts';
import * as ruAccount from '../src/i18n/ru/account.ts';
import * as ruAdmin from '../src/i18n/ru/admin.ts';
import * as ruClient from '../src/i18n/ru/client.ts';
import * as ruKeys from '../src/i18n/ru/keys.ts';
import * as ruNotifications from '../src/i18n/ru/notifications.ts';
import * as ruStates from '../src/i18n/ru/states.ts';
import * as ruWizard from '../src/i18n/ru/wizard.ts';
import * as ruWorker from '../src/i18n/ru/worker.ts';

export const TEXTS: Readonly<Record<Language, Catalogue>> = {
  en: {
    ...en,
    ...enAccount,
    ...enAdmin,
    ...enClient,
    ...enKeys,
    ...enNotifications,
    ...enStates,
    ...enWizard,
    ...enWorker,
  },
  ru: {
    ...ru,
    ...ruAccount,
    ...ruAdmin,
    ...ruClient,
    ...ruKeys,
    ...ruNotifications,
    ...ruStates,
    ...ruWizard,
    ...ruWorker,
  } as Catalogue,
};
