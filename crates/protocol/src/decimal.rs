//! Numbers of any length, compared by their digits.

use std::{borrow::Cow, cmp::Ordering, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Most digits of a number.
pub const MAX_DIGITS: usize = 1_000;
/// Largest exponent of a number, and smallest when negative.
pub const MAX_EXPONENT: i64 = 308;

/// A decimal number: its text, and what it is worth.
#[derive(Clone)]
pub struct Decimal {
    text: String,
    worth: Worth,
}

/// `±0.digits × 10^point`, without zeros at either end of the digits; zero has none.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Worth {
    negative: bool,
    point: i64,
    digits: String,
}

impl Decimal {
    /// Reads a number as JSON writes it.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const NO_NUMBER: &str = "is no number; write it like 12, -0.5 or 1e6";
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent),
            None => (rest, "0"),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let leading_zero = whole.len() > 1 && whole.starts_with('0');
        if !all_digits(whole) || !all_digits(fraction) || !all_digits(unsigned) || leading_zero {
            return Err(NO_NUMBER);
        }
        let point = usize::from(mantissa.contains('.'));
        if mantissa.len() - point > MAX_DIGITS {
            return Err("has more than 1000 digits");
        }
        let exponent: i64 = exponent.parse().unwrap_or(i64::MAX);
        if !(-MAX_EXPONENT..=MAX_EXPONENT).contains(&exponent) {
            return Err("has an exponent beyond 308");
        }
        let all = format!("{whole}{fraction}");
        let significant = all.trim_start_matches('0');
        let zeros = i64::try_from(all.len() - significant.len()).unwrap_or(0);
        let digits = significant.trim_end_matches('0').to_owned();
        let worth = if digits.is_empty() {
            Worth {
                negative: false,
                point: 0,
                digits,
            }
        } else {
            Worth {
                negative,
                point: i64::try_from(whole.len()).unwrap_or(0) - zeros + exponent,
                digits,
            }
        };
        Ok(Self {
            text: text.to_owned(),
            worth,
        })
    }

    /// The digits, as they were given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The same number without an exponent, otherwise as it was given.
    #[must_use]
    pub fn plain(self) -> Self {
        if !self.text.contains(['e', 'E']) {
            return self;
        }
        let Worth {
            negative,
            point,
            digits,
        } = &self.worth;
        let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or(0));
        let behind = i64::try_from(digits.len()).unwrap_or(0) - point;
        let sign = if *negative { "-" } else { "" };
        let text = match usize::try_from(*point) {
            _ if digits.is_empty() => "0".to_owned(),
            Ok(0) | Err(_) => format!("{sign}0.{}{digits}", zeros(-point)),
            Ok(_) if behind <= 0 => format!("{sign}{digits}{}", zeros(-behind)),
            Ok(point) => format!("{sign}{}.{}", &digits[..point], &digits[point..]),
        };
        Self {
            text,
            worth: self.worth,
        }
    }

    /// The number when it is whole and no longer than a 64-bit integer.
    #[must_use]
    pub fn whole(&self) -> Option<i64> {
        self.text.parse().ok()
    }
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Self {
        Self::parse(&number.to_string()).expect("an integer is a number")
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let size = |worth: &Worth| {
            let sign = match (worth.digits.is_empty(), worth.negative) {
                (true, _) => 0,
                (false, negative) => 1 - 2 * i8::from(negative),
            };
            (sign, worth.point)
        };
        let ((sign, point), (other_sign, other_point)) = (size(&self.worth), size(&other.worth));
        let larger = point
            .cmp(&other_point)
            .then_with(|| self.worth.digits.cmp(&other.worth.digits));
        sign.cmp(&other_sign)
            .then(if sign < 0 { larger.reverse() } else { larger })
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.worth == other.worth
    }
}

impl Eq for Decimal {}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A whole number stays a number, as it always was; every other one is a text, which keeps its digits.
impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.whole() {
            Some(number) => serializer.serialize_i64(number),
            None => serializer.serialize_str(&self.text),
        }
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl de::Visitor<'_> for Number {
            type Value = Decimal;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number, or a decimal number as a text like \"0.5\"")
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Decimal, E> {
                Ok(number.into())
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Decimal, E> {
                self.visit_str(&number.to_string())
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Decimal, E> {
                self.visit_str(&number.to_string())
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Decimal, E> {
                Decimal::parse(text).map_err(|why| E::custom(format!("\"{text}\" {why}")))
            }
        }
        deserializer.deserialize_any(Number)
    }
}

impl JsonSchema for Decimal {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Decimal".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "x-kubernetes-int-or-string": true,
            "maxLength": 64,
            "pattern": r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn numbers_are_compared_by_their_digits() {
        let ascending = [
            "-1e308",
            "-12345678901234567890124",
            "-12345678901234567890123",
            "-1.5",
            "-1",
            "-0.10000000000000000001",
            "-0.1",
            "0",
            "1e-308",
            "0.1",
            "0.10000000000000000001",
            "0.25",
            "9007199254740992",
            "9007199254740993",
            "1e308",
        ];
        for pair in ascending.windows(2) {
            assert!(number(pair[0]) < number(pair[1]), "{pair:?}");
        }
        for (a, b) in [
            ("1.10", "1.1"),
            ("-0", "0.00"),
            ("1e2", "100"),
            ("120e-1", "12"),
        ] {
            assert_eq!(number(a), number(b), "{a} {b}");
        }
    }

    #[test]
    fn a_number_is_the_same_without_its_exponent() {
        for (text, plain) in [
            ("1e3", "1000"),
            ("-2.5E-3", "-0.0025"),
            ("12e-1", "1.2"),
            ("1.25e1", "12.5"),
            ("1.5e+1", "15"),
            ("5e-1", "0.5"),
            ("-0e7", "0"),
            ("1.10", "1.10"),
        ] {
            assert_eq!(number(text).plain().as_str(), plain);
            assert_eq!(number(text).plain(), number(plain));
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "", "-", "+1", "01", ".5", "5.", "1e", "0x1", "1,5", "NaN", " 1",
        ] {
            assert!(Decimal::parse(text).is_err(), "{text}");
        }
        assert!(Decimal::parse("1e309").is_err());
        assert!(Decimal::parse("1e-309").is_err());
        let half = "9".repeat(500);
        assert!(Decimal::parse(&format!("{half}{half}")).is_ok());
        assert!(Decimal::parse(&format!("-{half}.{half}")).is_ok());
        assert!(Decimal::parse(&format!("9{half}{half}")).is_err());
        assert!(Decimal::parse(&format!("{half}.{half}9")).is_err());
    }

    #[test]
    fn whole_numbers_are_written_as_numbers_and_fractions_as_texts() {
        let read = |json: &str| serde_json::from_str::<Decimal>(json).unwrap();
        let written = |json: &str| serde_json::to_string(&read(json)).unwrap();
        assert_eq!(written("-3"), "-3");
        assert_eq!(written("\"0.5\""), "\"0.5\"");
        assert_eq!(written("0.5"), "\"0.5\"");
        assert_eq!(written("\"7\""), "7");
    }
}
