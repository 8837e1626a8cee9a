//! A bound of a number.

use std::borrow::Cow;

use datacrowd_protocol::{decimal::Decimal, raw::RawJson};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type, schema::SchemaType},
};

/// A bound of a number: read as the resource reads it, written as a number with all its digits.
#[derive(Debug, Clone)]
pub struct Bound(pub Decimal);

impl PartialSchema for Bound {
    fn schema() -> RefOr<Schema> {
        let either = SchemaType::from_iter([Type::Number, Type::String]);
        ObjectBuilder::new().schema_type(either).into()
    }
}

impl ToSchema for Bound {}

impl Serialize for Bound {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawJson::parse(self.0.as_str().to_owned())
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Bound {
    /// From the text as it was written: what a parser makes of a long number has other digits. Without an exponent,
    /// which the resource does not know.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = RawJson::deserialize(deserializer)?;
        let text: Cow<'_, str> = match raw.get().starts_with('"') {
            true => Cow::Owned(serde_json::from_str(raw.get()).map_err(D::Error::custom)?),
            false => Cow::Borrowed(raw.get()),
        };
        match Decimal::parse(&text) {
            Ok(bound) => Ok(Self(bound.plain())),
            Err(why) => Err(D::Error::custom(format!("must be a number, and {why}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Bound;

    #[test]
    fn a_bound_keeps_its_digits_however_it_is_written() {
        for (json, digits) in [
            ("5", "5"),
            ("-0.1", "-0.1"),
            ("1e3", "1000"),
            ("12345678901234567890123", "12345678901234567890123"),
            ("0.12345678901234567890123", "0.12345678901234567890123"),
            ("\"0.12345678901234567890123\"", "0.12345678901234567890123"),
        ] {
            let bound: Bound = serde_json::from_str(json).unwrap();
            assert_eq!(bound.0.as_str(), digits);
            assert_eq!(serde_json::to_string(&bound).unwrap(), digits);
        }
        for json in ["true", "[1]", "{}", "\"one\"", "\"1,5\"", "\"\""] {
            let refused = serde_json::from_str::<Bound>(json).unwrap_err();
            let told = refused.to_string();
            assert!(told.starts_with("must be a number, and is no"), "{told}");
        }
    }
}
