//! JSON that is passed on as it was written: no number becomes a float on its way.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

/// The text of one JSON value.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RawJson(Box<RawValue>);

impl RawJson {
    /// A value from its text.
    ///
    /// # Errors
    /// The text is not JSON.
    pub fn parse(text: String) -> serde_json::Result<Self> {
        RawValue::from_string(text).map(Self)
    }

    /// The text, as it was given.
    #[must_use]
    pub fn get(&self) -> &str {
        self.0.get()
    }

    /// The same value without blanks between its parts, which a database puts there.
    #[must_use]
    pub fn compact(self) -> Self {
        let mut text = String::with_capacity(self.get().len());
        let (mut plain, mut quoted, mut escaped) = (0, false, false);
        for (at, byte) in self.get().bytes().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = quoted,
                b'"' => quoted = !quoted,
                b' ' | b'\n' | b'\r' | b'\t' if !quoted => {
                    text.push_str(&self.get()[plain..at]);
                    plain = at + 1;
                }
                _ => {}
            }
        }
        text.push_str(&self.get()[plain..]);
        // Without blanks it is still the same JSON.
        RawValue::from_string(text).map_or(self, Self)
    }
}

impl PartialEq for RawJson {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl utoipa::PartialSchema for RawJson {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Object).into()
    }
}

impl utoipa::ToSchema for RawJson {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compacting_takes_blanks_between_parts_only() {
        let raw = |text: &str| RawJson::parse(text.to_owned()).unwrap();
        let spaced = raw(r#"{"a b": [1.10, -2], "c": "x \" , y\\", "d": {"e": null}}"#);
        let compact = r#"{"a b":[1.10,-2],"c":"x \" , y\\","d":{"e":null}}"#;
        assert_eq!(spaced.compact(), raw(compact));
    }

    #[test]
    fn digits_pass_through_a_body() {
        let text = r#"{"n":12345678901234567890123,"d":1.10}"#;
        let raw: RawJson = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&raw).unwrap(), text);
    }
}
