//! Models: the index row of the resource, and what was found in its file.

mod delete;
mod inspect;
mod read;
mod upsert;
mod warm;

use datacrowd_consensus::{Share, Z_95};
use datacrowd_protocol::{
    ids::ModelId,
    model::{ModelInput, ModelOnGold, ModelOutput, NumberError, Tensor},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

pub use inspect::InspectRun;
pub use read::{Answered, Model, Prefilled};
pub use upsert::ModelUpsert;
pub use warm::WarmModel;

use crate::{Error, Result};

/// A model, for whoever runs it; the API server adds the presigned URL.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "protocol::model::ModelOpened documents them")]
pub struct RunModel {
    pub id: ModelId,
    pub source_uri: String,
    pub sha256: Option<String>,
    pub input: ModelInput,
    pub output: ModelOutput,
}

/// What a model's file holds, as it is stored.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Found {
    pub inputs: Vec<Tensor>,
    pub outputs: Vec<Tensor>,
}

/// What a model's right answers to gold come to, of so many; nothing of none.
fn on_gold(correct: i64, items: i64) -> Option<ModelOnGold> {
    let share = share(correct, items);
    let accuracy = share.value()?;
    let (low, high) = share.wilson(Z_95);
    Some(ModelOnGold {
        items,
        correct,
        accuracy: shown(accuracy),
        low: shown(low),
        high: shown(high),
    })
}

/// How far numbers are from what they ought to be, from the mean and the standard deviation of their distances; nothing of none.
pub(crate) fn number_error(
    items: i64,
    mean_absolute: Option<f64>,
    deviation: Option<f64>,
    bias: Option<f64>,
) -> Option<NumberError> {
    let mean = mean_absolute?;
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 items")]
    let half = deviation.map(|deviation| Z_95 * deviation / (items as f64).sqrt());
    Some(NumberError {
        items,
        mean_absolute: significant(mean),
        // No distance is below 0.
        low: half.map(|half| significant((mean - half).max(0.0))),
        high: half.map(|half| significant(mean + half)),
        bias: significant(bias?),
    })
}

/// With six digits: more say nothing.
fn significant(number: f64) -> f64 {
    format!("{number:.5e}").parse().unwrap_or(number)
}

pub(crate) fn share(correct: i64, items: i64) -> Share {
    let count = |of: i64| u32::try_from(of).unwrap_or(u32::MAX);
    Share::new(count(correct), count(items)).unwrap_or_default()
}

/// With four digits, so that a status says what a person reads.
fn shown(share: f64) -> f64 {
    (share * 1e4).round() / 1e4
}

/// A stored part of a model's spec.
pub(crate) fn stored<T: DeserializeOwned>(value: serde_json::Value) -> Result<T> {
    serde_json::from_value(value).map_err(|_| Error::Corrupt { what: "model" })
}

/// A part of a model's spec, to store.
fn column<T: Serialize>(value: &T) -> Result<serde_json::Value> {
    serde_json::to_value(value).map_err(|_| Error::Corrupt { what: "model" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_its_normal_interval_and_six_digits() {
        let error = number_error(100, Some(2.000_000_4), Some(1.5), Some(-0.123_456_78)).unwrap();
        assert_eq!((error.items, error.mean_absolute), (100, 2.0));
        assert_eq!((error.low, error.high), (Some(1.70601), Some(2.29399)));
        assert!((error.bias + 0.123_457).abs() < 1e-12);
    }

    #[test]
    fn of_one_item_no_interval_is_known_and_of_none_nothing() {
        let one = number_error(1, Some(0.5), None, Some(0.5)).unwrap();
        assert_eq!((one.low, one.high), (None, None));
        assert_eq!(number_error(0, None, None, None), None);
        let wide = number_error(2, Some(1.0), Some(5.0), Some(0.0)).unwrap();
        assert_eq!(wide.low, Some(0.0));
    }
}
