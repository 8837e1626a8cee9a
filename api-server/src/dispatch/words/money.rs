//! Amounts of money, as people read them.

/// An amount in a currency's minor unit, in its major one.
pub(super) fn amount(minor: i64, currency: &str) -> String {
    let digits = minor_digits(currency);
    let unit = 10_i64.pow(digits);
    match digits {
        0 => format!("{minor} {currency}"),
        digits => format!(
            "{}.{:0width$} {currency}",
            minor / unit,
            minor % unit,
            width = digits as usize
        ),
    }
}

/// Digits of a currency's minor unit, as Stripe counts it: it takes ISK and UGX in hundredths, which nobody pays with.
fn minor_digits(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "JPY" | "KMF" | "KRW" | "MGA" | "PYG" | "RWF" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "JOD" | "KWD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::amount;

    #[test]
    fn an_amount_has_the_digits_of_its_currency() {
        assert_eq!(amount(5000, "EUR"), "50.00 EUR");
        assert_eq!(amount(5000, "JPY"), "5000 JPY");
        assert_eq!(amount(5007, "KWD"), "5.007 KWD");
        assert_eq!(amount(7, "USD"), "0.07 USD");
    }
}
