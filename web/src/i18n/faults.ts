import type { Fault } from '../fields/kind.ts';
import { t } from './index.ts';

/** What is wrong with a field, in words. */
export function faultText(fault: Fault): string {
  switch (fault.what) {
    case 'required':
      return t.form.isRequired;
    case 'notNumber':
      return t.form.notNumber;
    case 'notOption':
      return t.form.notOption;
    case 'bounds':
      return t.form.bounds(fault.minimum, fault.maximum);
    case 'tooLong':
      return t.form.tooLong(fault.most, fault.by);
  }
}
