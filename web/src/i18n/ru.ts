import type { en } from './en.ts';
import { common, form, item, nav, problems, states } from './ru/common.ts';
import { review, work, worker } from './ru/work.ts';

export const ru: typeof en = { common, form, item, nav, problems, review, states, work, worker };
