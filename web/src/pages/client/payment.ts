/** The purchase that is under way: Stripe leads back to one address for all of them. */
const KEPT_AT = 'datacrowd.payment';

export const rememberPayment = (id: string): void => sessionStorage.setItem(KEPT_AT, id);
export const rememberedPayment = (): string | null => sessionStorage.getItem(KEPT_AT);
