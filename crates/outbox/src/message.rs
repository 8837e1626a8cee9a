//! A message between its columns and its type, and who takes it.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

/// The number of a row. Within a key, a higher one was pushed later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MessageId(pub i64);

/// One thing to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message<M> {
    /// Its row.
    pub id: MessageId,
    /// What it says.
    pub body: M,
}

/// Why a message was not taken. Its receiver has logged the cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The receiver could not take it now.
    Later,
    /// No receiver will ever take it.
    Never,
}

/// Who is told.
pub trait Receiver<M>: Sync {
    /// Takes a message. Taking one twice is harmless; a call is dropped when it takes longer than a claim allows.
    fn take(&self, message: &Message<M>) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// A message as the table has it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Columns {
    pub(crate) kind: String,
    pub(crate) payload: Value,
}

impl Columns {
    pub(crate) fn of<M: Serialize>(message: &M) -> serde_json::Result<Self> {
        serde_json::from_value(serde_json::to_value(message)?)
    }

    pub(crate) fn read<M: DeserializeOwned>(self) -> serde_json::Result<M> {
        serde_json::from_value(serde_json::to_value(self)?)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind", content = "payload", rename_all = "snake_case")]
    enum Said {
        ObjectGone { key: String },
    }

    #[test]
    fn a_message_is_a_kind_and_a_payload_and_reads_back() {
        let said = Said::ObjectGone { key: "a".into() };
        let columns = Columns::of(&said).unwrap();
        let expected = Columns {
            kind: "object_gone".into(),
            payload: json!({"key": "a"}),
        };
        assert_eq!(columns, expected);
        assert_eq!(columns.read::<Said>().unwrap(), said);
    }

    #[test]
    fn what_nobody_knows_is_not_read() {
        for (kind, payload) in [("other", json!({"key": "a"})), ("object_gone", json!({}))] {
            let kind = kind.to_owned();
            assert!(Columns { kind, payload }.read::<Said>().is_err());
        }
    }
}
