import { describe, expect, it } from 'vitest';
import { actionOf, OPTION_KEYS, RESERVED, type Action, type Press, type Where } from './keymap.ts';

const work: Where = { typing: false, pressable: false, singleKeys: true, page: 'work' };
const altGr = { getModifierState: (key: string) => key === 'AltGraph' };
const choose = (index: number): Action => ({ do: 'choose', index });

describe('a key', () => {
  const rows: [string, Press, Partial<Where>, Action | null][] = [
    ['a digit chooses', { key: '1', code: 'Digit1' }, {}, choose(0)],
    ['a digit of a French row is known by its place', { key: '&', code: 'Digit1' }, {}, choose(0)],
    ['a digit of the number pad chooses', { key: '3', code: 'Numpad3' }, {}, choose(2)],
    ['a number pad without NumLock moves', { key: 'End', code: 'Numpad1' }, {}, null],
    [
      'the question mark of a Russian 7 is no 7',
      { key: '?', code: 'Digit7', shiftKey: true },
      {},
      { do: 'instructions' },
    ],
    ['the bracket of a German 8 is no 8', { key: '[', code: 'Digit8', ...altGr }, {}, { do: 'previous' }],
    [
      'Windows tells AltGr as Ctrl and Alt',
      { key: ']', code: 'Digit9', ctrlKey: true, altKey: true, ...altGr },
      {},
      { do: 'next' },
    ],
    ['another letter by AltGr is nothing', { key: '@', code: 'KeyQ', ...altGr }, {}, null],
    ['a French minus is the 6 that it stands on', { key: '-', code: 'Digit6' }, {}, choose(5)],
    ['a French digit is typed with Shift', { key: '1', code: 'Digit1', shiftKey: true }, {}, choose(0)],
    ['0 is the tenth', { key: '0', code: 'Digit0' }, {}, choose(9)],
    ['q is the eleventh', { key: 'q', code: 'KeyQ' }, {}, choose(10)],
    ['a Russian letter is known by its place', { key: 'й', code: 'KeyQ' }, {}, choose(10)],
    ['skip on a Russian layout', { key: 'ы', code: 'KeyS' }, {}, { do: 'skip' }],
    ['take back on a Russian layout', { key: 'г', code: 'KeyU' }, {}, { do: 'takeBack' }],
    ['capitals are the same letter', { key: 'U', code: 'KeyU' }, {}, { do: 'takeBack' }],
    [
      'on Dvorak the letter counts: o chooses',
      { key: 'o', code: 'KeyS' },
      {},
      choose(OPTION_KEYS.indexOf('o')),
    ],
    ['on Dvorak the letter counts: a is nothing here', { key: 'a', code: 'KeyU' }, {}, null],
    ['a bracket by its place', { key: 'ъ', code: 'BracketRight' }, {}, { do: 'next' }],
    ['A approves in review', { key: 'a', code: 'KeyA' }, { page: 'review' }, { do: 'approve' }],
    ['A approves on a Russian layout', { key: 'ф', code: 'KeyA' }, { page: 'review' }, { do: 'approve' }],
    ['A is nothing at work', { key: 'a', code: 'KeyA' }, {}, null],
    ['Backspace destroys nothing', { key: 'Backspace', code: 'Backspace' }, {}, null],
    ['Delete destroys nothing', { key: 'Delete', code: 'Delete' }, {}, null],
    ['Enter submits', { key: 'Enter', code: 'Enter' }, {}, { do: 'submit' }],
    ['Enter on a button presses it', { key: 'Enter', code: 'Enter' }, { pressable: true }, null],
    ['Enter in a text box is a line', { key: 'Enter', code: 'Enter' }, { typing: true }, null],
    [
      'Ctrl+Enter submits from a text box',
      { key: 'Enter', code: 'Enter', ctrlKey: true },
      { typing: true },
      { do: 'submit' },
    ],
    ['Cmd+Enter as well', { key: 'Enter', code: 'Enter', metaKey: true }, { typing: true }, { do: 'submit' }],
    ['a held Enter submits once', { key: 'Enter', code: 'Enter', repeat: true }, {}, null],
    [
      'a held Ctrl+Enter submits once',
      { key: 'Enter', code: 'Enter', repeat: true, ctrlKey: true },
      {},
      null,
    ],
    ['an input method composes', { key: 'Enter', code: 'Enter', isComposing: true }, {}, null],
    [
      'an input method composes with Ctrl',
      { key: 'Enter', code: 'Enter', isComposing: true, ctrlKey: true },
      { typing: true },
      null,
    ],
    ['an older input method composes', { key: 'Enter', code: 'Enter', keyCode: 229 }, {}, null],
    ['single keys are letters in a text box', { key: 's', code: 'KeyS' }, { typing: true }, null],
    ['digits are digits in a text box', { key: '1', code: 'Digit1' }, { typing: true }, null],
    ['Escape leaves a text box', { key: 'Escape', code: 'Escape' }, { typing: true }, { do: 'leave' }],
    ['single keys can be off', { key: '1', code: 'Digit1' }, { singleKeys: false }, null],
    [
      'Enter submits with single keys off',
      { key: 'Enter', code: 'Enter' },
      { singleKeys: false },
      { do: 'submit' },
    ],
    ["the browser's own stay its own", { key: 's', code: 'KeyS', ctrlKey: true }, {}, null],
    ['a held digit chooses once', { key: '1', code: 'Digit1', repeat: true }, {}, null],
    ['a held plus zooms on', { key: '+', code: 'Equal', repeat: true }, {}, { do: 'zoomIn' }],
    ['the question mark opens the instructions', { key: '?', code: 'Slash' }, {}, { do: 'instructions' }],
  ];
  it.each(rows)('%s', (_, press, where, expected) => {
    expect(actionOf(press, { ...work, ...where })).toEqual(expected);
  });
});

it('no option has a key that means something else', () => {
  expect(OPTION_KEYS.filter((key) => RESERVED.has(key))).toEqual([]);
  expect(new Set(OPTION_KEYS).size).toBe(OPTION_KEYS.length);
});
