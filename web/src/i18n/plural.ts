/** The form of a counted noun. `few` and `many` are Russian's; English has `one` and `other`. */
export type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

export function pluralOf(language: string): (n: number, forms: Forms) => string {
  const rules = new Intl.PluralRules(language);
  const digits = new Intl.NumberFormat(language);
  return (n, forms) => `${digits.format(n)} ${forms[rules.select(n)] ?? forms.other}`;
}
