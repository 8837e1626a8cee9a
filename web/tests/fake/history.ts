import { inbox, warmModel } from './items.ts';
import { failedModel, model } from './models.ts';
import { told } from './notifications.ts';
import type { State } from './state.ts';
import { hooked } from './webhooks.ts';

/** Three answers of wanda's: one rejected with a comment, one approved, one that waits for its review. */
export function answered(state: State): void {
  const wanda = state.users[0]?.id ?? '';
  for (const [i, status] of ['REJECTED', 'APPROVED', 'IN_REVIEW'].entries()) {
    const task = state.tasks[i];
    if (task === undefined) return;
    const at = new Date(Date.UTC(2026, 10, 27, 8, i)).toISOString();
    const decisions =
      status === 'REJECTED' ? [{ decision: status, comment: 'Sarcasm: this is negative.', at }] : [];
    task.answer = {
      id: state.id(),
      taskId: task.id,
      user: wanda,
      token: `t${i}`,
      answer: { rating: 'good' },
      at,
      status,
      decisions,
    };
    state.answers.push(task.answer);
  }
}

/** A model that can be applied, one that cannot be run, and one that is kept loaded for an inbox; webhooks in every state; what everybody is told, clara also in Telegram. */
export function trained(state: State): void {
  state.models = [model(), failedModel(), warmModel()];
  state.inboxes = [inbox()];
  state.modelsSaid = [{ model: 'rating-q7w2e', field: 'rating', label: 'bad' as never, probability: 0.871 }];
  hooked(state);
  told(state);
  state.telegramBot = '@datacrowd_bot';
  state.telegramLinks.add(state.users.find(({ username }) => username === 'clara')?.id ?? '');
}
