//! What becomes of what a model says, and what that does to people.

use datacrowd_crds::model::{ModelUse, Predicts};
use datacrowd_labelling::{Model, Prefilled, Share, Z_95};
use datacrowd_protocol::model::MOST_REPLICAS;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{ApiError, ApiResult};

/// What shall become of what a model says.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewUse {
    /// Whether workers begin a task with what it says; false when absent.
    prefill: Option<bool>,
    /// The part of the tasks that they begin without it all the same, so that what it does to people is measured; 0.1 when absent.
    #[schema(example = 0.1, minimum = 0, maximum = 1)]
    blind_share: Option<f64>,
}

impl NewUse {
    /// What is used, with what this names.
    pub(super) fn over(&self, usage: ModelUse) -> ModelUse {
        ModelUse {
            prefill: self.prefill.or(usage.prefill),
            blind_share: self.blind_share.or(usage.blind_share),
        }
    }
}

/// Refuses what a model is not given.
pub(super) fn check(replicas: Option<i32>, usage: Option<&NewUse>) -> ApiResult<()> {
    if !(0..=MOST_REPLICAS).contains(&replicas.unwrap_or(0)) {
        let why = format!("must be between 0 and {MOST_REPLICAS}");
        return Err(ApiError::invalid_member("replicas", why));
    }
    match usage.and_then(|usage| usage.blind_share) {
        Some(share) if !(0.0..=1.0).contains(&share) => Err(ApiError::invalid_member(
            "use.blindShare",
            "must be between 0 and 1",
        )),
        _ => Ok(()),
    }
}

/// Whether a model's predictions are made by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PredictBody {
    /// One for each dataset of the project, once its tasks or its gold are there.
    Always,
    /// Only those that somebody asks for.
    OnRequest,
}

impl PredictBody {
    /// As it is stored.
    pub fn of(model: &Model) -> Self {
        match model.predict_always {
            true => Self::Always,
            false => Self::OnRequest,
        }
    }
}

impl From<PredictBody> for Predicts {
    fn from(body: PredictBody) -> Self {
        match body {
            PredictBody::Always => Self::Always,
            PredictBody::OnRequest => Self::OnRequest,
        }
    }
}

/// What becomes of what a model says.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UseBody {
    /// Whether workers begin a task with what it says.
    prefill: bool,
    /// The part of the tasks that they begin without it all the same.
    #[schema(example = 0.1)]
    blind_share: f64,
    /// How often people's answers are what it says, where they began with it. Only of one model.
    #[serde(skip_serializing_if = "Option::is_none")]
    shown: Option<AlikeBody>,
    /// The same where they began without it, though it was there. What `shown` has more than this, the model did to people.
    #[serde(skip_serializing_if = "Option::is_none")]
    blind: Option<AlikeBody>,
}

/// How many answers are alike.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlikeBody {
    /// Answers of people, but for those that were withdrawn or voided.
    #[schema(example = 200)]
    answers: u32,
    /// Those that are what the model says.
    #[schema(example = 188)]
    alike: u32,
    /// Their share, from 0 to 1; null of none.
    #[schema(example = 0.94)]
    share: Option<f64>,
    /// Lower end of Wilson's 95 % interval of it.
    #[schema(example = 0.898)]
    low: f64,
    /// Upper end.
    #[schema(example = 0.965)]
    high: f64,
}

impl UseBody {
    /// Without what it does to people.
    pub fn of(model: &Model) -> Self {
        Self {
            prefill: model.prefill,
            blind_share: model.blind_share,
            shown: None,
            blind: None,
        }
    }

    /// With what it does to people.
    pub fn with(self, prefilled: Prefilled) -> Self {
        Self {
            shown: Some(prefilled.shown.into()),
            blind: Some(prefilled.blind.into()),
            ..self
        }
    }
}

impl From<Share> for AlikeBody {
    fn from(share: Share) -> Self {
        let (low, high) = share.wilson(Z_95);
        Self {
            answers: share.total(),
            alike: share.correct(),
            share: share.value(),
            low,
            high,
        }
    }
}
