//! What judgements cost. Pure; every amount is in minor units of one currency.

use std::{fmt, str::FromStr};

use crate::Refusal;

/// Stripe takes at most eight digits for a charge.
const MOST_CENTS: i64 = 99_999_999;

/// A three-letter currency code, upper case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Currency(String);

impl Currency {
    /// The code in upper case: `EUR`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Currency {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() == 3 && text.bytes().all(|b| b.is_ascii_alphabetic()) {
            Ok(Self(text.to_ascii_uppercase()))
        } else {
            Err("a currency is three letters, such as EUR")
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What this installation charges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Price of one judgement.
    pub price_cents: i64,
    /// The currency of every amount.
    pub currency: Currency,
    /// The least that Stripe takes for a payment.
    pub minimum_cents: i64,
    /// Whether Stripe moves real money; events of the other kind are never credited.
    pub livemode: bool,
}

/// What a promo code takes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discount {
    /// Of a hundred; what is taken off is rounded down.
    Percent(i32),
    /// An amount.
    Fixed(i64),
}

impl Discount {
    /// What is left to pay of `list`, never below zero.
    #[must_use]
    pub fn of(self, list: i64) -> i64 {
        match self {
            Self::Percent(percent) => {
                let off = i128::from(list) * i128::from(percent) / 100;
                list - i64::try_from(off).unwrap_or(list).clamp(0, list)
            }
            Self::Fixed(off) => (list - off).max(0),
        }
    }
}

impl Terms {
    /// Most judgements that one payment may buy.
    #[must_use]
    pub fn most(&self) -> i64 {
        MOST_CENTS / self.price_cents.max(1)
    }

    /// The price of this many judgements before any discount.
    ///
    /// # Errors
    /// `invalid_request` when they are too few or too many for one payment.
    pub fn list(&self, judgements: i64) -> Result<i64, Refusal> {
        if (1..=self.most()).contains(&judgements) {
            Ok(judgements * self.price_cents)
        } else {
            Err(Refusal::Judgements { most: self.most() })
        }
    }

    /// The smallest purchase of at least this many judgements: Stripe takes no payment below its minimum.
    #[must_use]
    pub fn covering(&self, judgements: i64) -> i64 {
        judgements.max(self.least())
    }

    /// Fewest judgements whose price Stripe takes.
    fn least(&self) -> i64 {
        let price = self.price_cents.max(1);
        self.minimum_cents.saturating_add(price - 1) / price
    }

    /// Refuses what Stripe would not take. Nothing to pay is fine: Stripe is not asked then.
    ///
    /// # Errors
    /// `below_minimum`.
    pub fn payable(&self, amount: i64) -> Result<(), Refusal> {
        if amount == 0 || amount >= self.minimum_cents {
            return Ok(());
        }
        Err(Refusal::BelowMinimum {
            least: self.least(),
            minimum_cents: self.minimum_cents,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn terms() -> Terms {
        Terms {
            price_cents: 5,
            currency: Currency("EUR".into()),
            minimum_cents: 50,
            livemode: false,
        }
    }

    #[test]
    fn a_price_is_judgements_times_price() {
        assert_eq!(terms().list(3708), Ok(18_540));
        assert_eq!(
            terms().list(0),
            Err(Refusal::Judgements { most: 19_999_999 })
        );
        assert_eq!(
            terms().list(20_000_000),
            Err(Refusal::Judgements { most: 19_999_999 })
        );
    }

    #[test]
    fn what_stripe_would_not_take_is_refused_and_nothing_is_fine() {
        assert_eq!(terms().payable(0), Ok(()));
        assert_eq!(terms().payable(50), Ok(()));
        let refused = terms().payable(49);
        assert_eq!(
            refused,
            Err(Refusal::BelowMinimum {
                least: 10,
                minimum_cents: 50
            })
        );
    }

    #[test]
    fn a_debt_is_cleared_by_a_purchase_that_stripe_takes() {
        assert_eq!((terms().covering(3), terms().covering(11)), (10, 11));
    }

    #[test]
    fn a_currency_is_three_letters_in_upper_case() {
        assert_eq!("eur".parse(), Ok(Currency("EUR".into())));
        assert!("euro".parse::<Currency>().is_err());
        assert!("€€".parse::<Currency>().is_err());
    }

    proptest! {
        #[test]
        fn a_discount_never_goes_below_zero_or_above_the_list(list in 1_i64..=MOST_CENTS, percent in 1_i32..=100, off in 1_i64..=i64::MAX) {
            prop_assert!((0..list + 1).contains(&Discount::Percent(percent).of(list)));
            prop_assert!((0..list).contains(&Discount::Fixed(off).of(list)));
        }

        #[test]
        fn a_hundred_percent_leaves_nothing(list in 1_i64..=MOST_CENTS) {
            prop_assert_eq!(Discount::Percent(100).of(list), 0);
        }
    }
}
