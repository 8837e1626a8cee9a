/** Key events of a page as actions. */
import { preferences } from '../../ui/preferences.svelte.ts';
import { actionOf, type Action } from '../keymap.ts';

const TEXT_LIKE =
  'textarea, select, [contenteditable], input:not([type=radio], [type=checkbox], [type=button], [type=submit])';

export function keys(page: 'work' | 'review', act: (action: Action) => void): (event: KeyboardEvent) => void {
  return (event) => {
    // What lies behind a dialog has no keys, wherever the focus went.
    if (document.querySelector('dialog[open]') !== null) return;
    const at = event.target instanceof Element ? event.target : null;
    // The focus stays in a dialog that was closed until the next frame.
    const target = at?.closest('dialog') === null ? at : null;
    const typing = target?.matches(TEXT_LIKE) ?? false;
    const pressable = target?.closest('button, a[href], summary') !== null && target !== null;
    const action = actionOf(event, { typing, pressable, singleKeys: preferences.singleKeys, page });
    if (action === null || (action.do === 'leave' && !typing)) return;
    event.preventDefault();
    act(action);
  };
}
