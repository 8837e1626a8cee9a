//! What a number in a body may be. Every bound is so far from its type's end that no sum of a few of them reaches it.

use serde::{Deserialize, Deserializer, de::Error};

/// Most rows, bytes, judgements or lines that anything counts.
pub const MOST: i64 = 1_000_000_000_000_000;
/// Most attempts of one resource, and most parts of one file.
const MOST_TIMES: i32 = 1_000_000;

fn within<E: Error>(value: i64, least: i64, most: i64) -> Result<i64, E> {
    if (least..=most).contains(&value) {
        Ok(value)
    } else {
        Err(E::custom(format_args!(
            "must be between {least} and {most}"
        )))
    }
}

/// How many, from none.
///
/// # Errors
/// It is no whole number, or out of bounds.
pub fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    within(i64::deserialize(deserializer)?, 0, MOST)
}

/// How many, if that is known.
///
/// # Errors
/// As [`count`].
pub fn count_if_known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let value = Option::<i64>::deserialize(deserializer)?;
    value.map(|value| within(value, 0, MOST)).transpose()
}

/// Which one, from the first.
///
/// # Errors
/// As [`count`].
pub fn ordinal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    within(i64::deserialize(deserializer)?, 1, MOST)
}

/// Which attempt or part, from the first.
///
/// # Errors
/// As [`count`].
pub fn small_ordinal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
    let value = i32::deserialize(deserializer)?;
    within::<D::Error>(value.into(), 1, MOST_TIMES.into())?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_number_out_of_bounds_is_refused_in_words() {
        assert_eq!(count(json!(0)).unwrap(), 0);
        assert_eq!(count(json!(MOST)).unwrap(), MOST);
        assert_eq!(count_if_known(json!(null)).unwrap(), None);
        assert_eq!(small_ordinal(json!(1)).unwrap(), 1);
        for value in [i64::MIN, -1, MOST + 1, i64::MAX] {
            assert!(count(json!(value)).is_err() && ordinal(json!(value)).is_err());
            assert!(count_if_known(json!(value)).is_err() && small_ordinal(json!(value)).is_err());
        }
        let refused = ordinal(json!(0)).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "must be between 1 and 1000000000000000"
        );
    }
}
