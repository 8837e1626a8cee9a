import type { en } from './en.ts';
import type more from './en/more.ts';

/** Every text there is; Russian has the same ones, or does not compile. */
export type Catalogue = typeof en & typeof more;
