import { common, form, item, nav, problems, states } from './en/common.ts';
import { review, work, worker } from './en/work.ts';

export const en = { common, form, item, nav, problems, review, states, work, worker };
