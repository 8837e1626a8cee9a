/** The purchase that is under way: Stripe leads back to one address for all of them. */
const KEPT_AT = 'datacrowd.payment';

export function rememberPayment(id: string): void {
  try {
    sessionStorage.setItem(KEPT_AT, id);
  } catch {
    // Nothing may be kept: the page that one comes back to shows the last payment.
  }
}

export function rememberedPayment(): string | null {
  try {
    return sessionStorage.getItem(KEPT_AT);
  } catch {
    return null;
  }
}
