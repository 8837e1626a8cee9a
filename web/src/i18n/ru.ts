import type { en } from './en.ts';
import { common, form, item, nav, problems, tabs, titles } from './ru/common.ts';
import { work } from './ru/work.ts';

export const ru: typeof en = { common, form, item, nav, problems, tabs, titles, work };
