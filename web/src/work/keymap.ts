/** What a key press means. Pure: the event comes in as a value. */

export type Action =
  | {
      do:
        | 'submit'
        | 'skip'
        | 'takeBack'
        | 'instructions'
        | 'leave'
        | 'next'
        | 'previous'
        | 'seekBack'
        | 'seekOn'
        | 'play';
    }
  | { do: 'zoomIn' | 'zoomOut' | 'zoomFit' | 'approve' | 'reject' }
  | { do: 'choose'; index: number };

export interface Press {
  readonly key: string;
  readonly code: string;
  readonly repeat?: boolean;
  readonly isComposing?: boolean;
  readonly keyCode?: number;
  readonly ctrlKey?: boolean;
  readonly metaKey?: boolean;
  readonly altKey?: boolean;
  readonly shiftKey?: boolean;
  readonly getModifierState?: (key: string) => boolean;
}

export interface Where {
  /** In a text box, where keys are letters. */
  readonly typing: boolean;
  /** On a button or a link, which Enter and the space bar press. */
  readonly pressable: boolean;
  /** Single keys may be turned off (WCAG 2.1.4). */
  readonly singleKeys: boolean;
  readonly page: 'work' | 'review';
}

type Named = Exclude<Action['do'], 'choose'>;

const WORK: Readonly<Record<string, Named>> = {
  s: 'skip',
  u: 'takeBack',
  '?': 'instructions',
  '[': 'previous',
  ']': 'next',
  '+': 'zoomIn',
  '=': 'zoomIn',
  '-': 'zoomOut',
  '\\': 'zoomFit',
  ',': 'seekBack',
  '.': 'seekOn',
  p: 'play',
};
const REVIEW: Readonly<Record<string, Named>> = { ...WORK, a: 'approve', r: 'reject' };

/** What single keys never choose an option by; the form builder refuses them as well. */
export const RESERVED: ReadonlySet<string> = new Set([...Object.keys(REVIEW), 'Enter', 'Escape', ' ']);

/** The keys of a question's options, in their order; options beyond them are chosen without a key of their own. */
export const OPTION_KEYS: readonly string[] = [...'1234567890qwetyiodfghjklzxcvbnm'].filter(
  (key) => !RESERVED.has(key),
);

/** Keys whose place on the board counts, not what a layout prints on them. */
const CODES: Readonly<Record<string, string>> = {
  BracketLeft: '[',
  BracketRight: ']',
  Minus: '-',
  Equal: '=',
  Comma: ',',
  Period: '.',
  Backslash: '\\',
};

/** The action, or null when the press is nobody's business but the browser's. */
export function actionOf(press: Press, where: Where): Action | null {
  // An input method uses Enter and letters to compose; 229 is how older ones say so.
  if (press.isComposing === true || press.keyCode === 229) return null;
  if (press.key === 'Enter') return enter(press, where);
  const isThird = press.getModifierState?.('AltGraph') === true;
  if (!isThird && (press.ctrlKey === true || press.metaKey === true || press.altKey === true)) return null;
  if (press.key === 'Escape') return { do: 'leave' };
  if (where.typing || !where.singleKeys) return null;
  const action = single(press, where, isThird);
  // A held key repeats; only what is harmless many times may follow it.
  if (press.repeat === true && action !== null && !REPEATABLE.has(action.do)) return null;
  return action;
}

const REPEATABLE: ReadonlySet<Action['do']> = new Set(['zoomIn', 'zoomOut', 'seekBack', 'seekOn']);

function enter(press: Press, where: Where): Action | null {
  if (press.repeat === true || press.altKey === true) return null;
  const forced = press.ctrlKey === true || press.metaKey === true;
  if (forced) return { do: 'submit' };
  return where.typing || where.pressable ? null : { do: 'submit' };
}

/** `isThird`: with AltGr, by which many boards print brackets. */
function single(press: Press, where: Where, isThird: boolean): Action | null {
  const table = where.page === 'review' ? REVIEW : WORK;
  const sign = table[press.key];
  // Shift makes a question mark of the Russian 7, AltGr a bracket of the German 8: what is printed is meant.
  if (isThird || press.shiftKey === true) {
    if (sign !== undefined) return { do: sign };
    if (isThird) return null;
  }
  const digit = /^(?:Digit|Numpad(?=\d,\d$))(\d)/.exec(`${press.code},${press.key}`)?.[1];
  if (digit !== undefined) return choice(digit);
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  const named = (k: string): Action | null => {
    const action = table[k];
    return action === undefined ? choice(k) : { do: action };
  };
  const byKey = named(key);
  // On a Latin layout the letter is meant, wherever it lies (Dvorak); elsewhere the place on the board is.
  if (byKey !== null || /^[a-z]$/.test(key)) return byKey;
  const letter = /^Key([A-Z])$/.exec(press.code)?.[1]?.toLowerCase() ?? CODES[press.code];
  return letter === undefined ? null : named(letter);
}

function choice(key: string): Action | null {
  const index = OPTION_KEYS.indexOf(key);
  return index < 0 ? null : { do: 'choose', index };
}
