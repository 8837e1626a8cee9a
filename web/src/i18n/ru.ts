import type { en } from './en.ts';
import { common, form, item, nav, problems } from './ru/common.ts';
import { work } from './ru/work.ts';

export const ru: typeof en = { common, form, item, nav, problems, work };
