//! What people have to do with an item.

use std::collections::BTreeMap;

use datacrowd_labelling::{ItemCrowd, ItemCrowdState};
use serde::Serialize;
use utoipa::ToSchema;

/// How far people are with an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum CrowdState {
    /// It is not settled yet whether they are asked, or they are about to be.
    Pending,
    /// The models are sure enough.
    NotNeeded,
    /// They are to be asked as soon as the project has quota for it.
    AwaitingQuota,
    /// They are asked.
    Asked,
    /// As many have answered as were wanted.
    Answered,
    /// It ended without as many answers as were wanted.
    Ended,
}

/// What people have to do with an item.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"state": "ANSWERED", "answers": 3, "wanted": 3, "answer": {"voice": "synthetic"}}))]
pub struct CrowdBody {
    state: CrowdState,
    /// Approved answers so far.
    answers: i64,
    /// Answers that are asked for; 0 while nobody is asked.
    wanted: i64,
    /// For each field that a model of the project answers: what the owner decided, else what most approved answers say. A field of
    /// which nothing is known, or where none leads, is left out.
    #[schema(value_type = BTreeMap<String, serde_json::Value>)]
    answer: BTreeMap<String, serde_json::Value>,
    /// What keeps people from being asked, and the remedy.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
}

impl From<ItemCrowd> for CrowdBody {
    fn from(crowd: ItemCrowd) -> Self {
        let state = match crowd.state {
            ItemCrowdState::Pending => CrowdState::Pending,
            ItemCrowdState::NotNeeded => CrowdState::NotNeeded,
            ItemCrowdState::AwaitingQuota => CrowdState::AwaitingQuota,
            ItemCrowdState::Asked => CrowdState::Asked,
            ItemCrowdState::Answered => CrowdState::Answered,
            ItemCrowdState::Ended => CrowdState::Ended,
        };
        Self {
            state,
            answers: crowd.answers,
            wanted: crowd.wanted,
            answer: crowd.answer,
            message: (state == CrowdState::AwaitingQuota).then_some(
                "People are asked once the project has quota for the item; buy judgements with POST /api/v1/payments/checkout, or have them granted.",
            ),
        }
    }
}
