import { common, form, item, nav, problems, tabs, titles } from './en/common.ts';
import { work } from './en/work.ts';

/** What the work itself says; every other area comes with the first page that shows it. */
export const en = { common, form, item, nav, problems, tabs, titles, work };
