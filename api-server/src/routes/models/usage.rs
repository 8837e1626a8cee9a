//! What becomes of what a model says, and what that does to people.

use datacrowd_crds::model::ModelUse;
use datacrowd_labelling::{Model, Prefilled, Share, Z_95};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What shall become of what a model says.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewUse {
    /// Whether workers begin a task with what it says; false when absent.
    prefill: Option<bool>,
    /// The part of the tasks that they begin without it all the same, so that what it does to people is measured; 0.1 when absent.
    #[schema(example = 0.1, minimum = 0, maximum = 1)]
    blind_share: Option<f64>,
}

impl From<NewUse> for ModelUse {
    fn from(new: NewUse) -> Self {
        Self {
            prefill: new.prefill,
            blind_share: new.blind_share,
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
