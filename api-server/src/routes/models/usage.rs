//! What becomes of what a model says, and what that does to people.

use datacrowd_crds::model::{ModelUse, Predicts};
use datacrowd_labelling::{Answered, Model, Prefilled, Share, Z_95};
use datacrowd_protocol::model::{MOST_REPLICAS, THRESHOLD, is_threshold};
use serde::{Deserialize, Deserializer, Serialize};
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
    /// A task of which it is at least so sure it answers as one of the project's workers; null: none, as where it is absent from a new model.
    /// Not where the project requires another field than the model's, nor where that is a number.
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<f64>, example = 0.98, exclusive_minimum = 0, maximum = 1)]
    #[expect(
        clippy::option_option,
        reason = "left out, null and a number are three things"
    )]
    answer_above: Option<Option<f64>>,
}

/// A member that is there, null or not.
#[expect(clippy::option_option, reason = "what is there is null or a number")]
fn named<'de, D: Deserializer<'de>>(found: D) -> Result<Option<Option<f64>>, D::Error> {
    Option::deserialize(found).map(Some)
}

impl NewUse {
    /// The probability from which on the model shall answer, where this names one.
    pub(super) fn answers(&self) -> bool {
        self.answer_above.flatten().is_some()
    }

    /// What is used, with what this names.
    pub(super) fn over(&self, usage: ModelUse) -> ModelUse {
        ModelUse {
            prefill: self.prefill.or(usage.prefill),
            blind_share: self.blind_share.or(usage.blind_share),
            answer_above: self.answer_above.unwrap_or(usage.answer_above),
        }
    }
}

/// Refuses what a model is not given.
pub(super) fn check(replicas: Option<i32>, usage: Option<&NewUse>) -> ApiResult<()> {
    if !(0..=MOST_REPLICAS).contains(&replicas.unwrap_or(0)) {
        let why = format!("must be between 0 and {MOST_REPLICAS}");
        return Err(ApiError::invalid_member("replicas", why));
    }
    let answer_above = usage.and_then(|usage| usage.answer_above.flatten());
    if answer_above.is_some_and(|least| !is_threshold(least)) {
        return Err(ApiError::invalid_member("use.answerAbove", THRESHOLD));
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
    /// It answers a task of which it is at least so sure; null: none.
    #[schema(example = 0.98)]
    answer_above: Option<f64>,
    /// What became of its own answers. Only of one model.
    #[serde(skip_serializing_if = "Option::is_none")]
    answers: Option<AnswersBody>,
    /// How often people's answers are what it says, where they began with it. Only of one model.
    #[serde(skip_serializing_if = "Option::is_none")]
    shown: Option<AlikeBody>,
    /// The same where they began without it, though it was there. What `shown` has more than this, the model did to people.
    #[serde(skip_serializing_if = "Option::is_none")]
    blind: Option<AlikeBody>,
}

/// What became of the answers that a model gave.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AnswersBody {
    /// All of them, but for those that were voided.
    #[schema(example = 5200)]
    given: i64,
    /// Those that wait for reviewers.
    #[schema(example = 0)]
    in_review: i64,
    /// Those that count.
    #[schema(example = 5140)]
    approved: i64,
    /// Those that reviewers rejected.
    #[schema(example = 60)]
    rejected: i64,
}

impl From<Answered> for AnswersBody {
    fn from(answered: Answered) -> Self {
        let Answered {
            in_review,
            approved,
            rejected,
        } = answered;
        Self {
            given: in_review + approved + rejected,
            in_review,
            approved,
            rejected,
        }
    }
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
            answer_above: model.answer_above,
            answers: None,
            shown: None,
            blind: None,
        }
    }

    /// With what it does to people, and what became of its own answers.
    pub fn with(self, prefilled: Prefilled, answered: Answered) -> Self {
        Self {
            answers: Some(answered.into()),
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
