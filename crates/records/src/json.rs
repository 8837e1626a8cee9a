//! Checks that a text is one JSON object which the database can hold, without building it.

use std::{borrow::Cow, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// `jsonb` refuses U+0000, and the platform's own parser stops at 128 levels, of which a chunk's line
/// takes some.
const MAX_DEPTH: u8 = 100;
const NUL: &str = "contains the character U+0000, which cannot be stored";

/// Why `text` is not an object to load, or `None` when it is. `required` columns must be there.
pub(super) fn refusal(text: &str, required: &[String]) -> Option<Cow<'static, str>> {
    if !text.starts_with('{') {
        return Some(Cow::Borrowed("is not a JSON object"));
    }
    let mut found = vec![false; required.len()];
    let mut json = serde_json::Deserializer::from_str(text);
    let read = Object {
        required,
        found: &mut found,
    }
    .deserialize(&mut json)
    .and_then(|()| json.end());
    if let Err(error) = read {
        return Some(Cow::Owned(sentence(&error)));
    }
    let missing = found.iter().position(|found| !found)?;
    Some(Cow::Owned(format!(
        "has no column \"{}\"",
        required[missing]
    )))
}

/// The parser counts lines within one record, which would contradict the line that is reported.
fn sentence(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(what, _)| what);
    if what == NUL {
        return what.to_owned();
    }
    format!("is not valid JSON: {what} at column {}", error.column())
}

/// The record itself: an object whose own keys are compared with the required columns.
struct Object<'a> {
    required: &'a [String],
    found: &'a mut [bool],
}

impl<'de> DeserializeSeed<'de> for Object<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { required, found } = self;
        while let Some(column) = map.next_key_seed(Key { required })? {
            if let Some(column) = column {
                found[column] = true;
            }
            map.next_value_seed(Value { depth: 1 })?;
        }
        Ok(())
    }
}

/// A key of the record: the index of the required column it names, if any.
struct Key<'a> {
    required: &'a [String],
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<usize>;
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<usize>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }
    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        storable(key)?;
        Ok(self.required.iter().position(|column| column == key))
    }
}

/// Any value below the record.
struct Value {
    depth: u8,
}

impl<'de> DeserializeSeed<'de> for Value {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl Value {
    fn inner<E: Error>(&self) -> Result<Self, E> {
        let depth = self.depth + 1;
        if depth > MAX_DEPTH {
            return Err(E::custom("nested too deeply"));
        }
        Ok(Self { depth })
    }
}

impl<'de> Visitor<'de> for Value {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        storable(text)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(self.inner()?)?.is_some() {}
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_key_seed(Key { required: &[] })?.is_some() {
            map.next_value_seed(self.inner()?)?;
        }
        Ok(())
    }
}

fn storable<E: Error>(text: &str) -> Result<(), E> {
    if text.as_bytes().contains(&0) {
        return Err(E::custom(NUL));
    }
    Ok(())
}
