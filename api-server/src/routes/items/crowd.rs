//! What people have to do with an item.

use std::collections::BTreeMap;

use datacrowd_labelling::ItemCrowd;
use datacrowd_protocol::{Upper, WireEnum as _, raw::RawJson, source::ItemCrowdState, variants};
use serde::Serialize;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

/// What people have to do with an item.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"state": "ANSWERED", "answers": 3, "wanted": 3, "answer": {"voice": "synthetic"}}))]
pub struct CrowdBody {
    /// PENDING: it is not settled yet whether people are asked, or they are about to be. NOT_NEEDED: the models are sure enough.
    /// AWAITING_QUOTA: they are to be asked as soon as the project has quota for it. ASKED: they are asked. ANSWERED: as many have
    /// answered as were wanted. ENDED: it ended without as many answers.
    #[schema(schema_with = states)]
    state: Upper<ItemCrowdState>,
    /// Approved answers so far.
    answers: i64,
    /// Answers that are asked for; 0 while nobody is asked.
    wanted: i64,
    /// For each field that a model of the project answers: what the owner decided, else what most approved answers say. A field of
    /// which nothing is known, or where none leads, is left out. Of numbers, the median.
    #[schema(value_type = BTreeMap<String, serde_json::Value>)]
    answer: BTreeMap<String, RawJson>,
    /// What keeps people from being asked, and the remedy.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
}

fn states() -> RefOr<Schema> {
    let names: Vec<_> = ItemCrowdState::ALL.iter().copied().map(Upper).collect();
    variants(&names)
}

impl From<ItemCrowd> for CrowdBody {
    fn from(crowd: ItemCrowd) -> Self {
        Self {
            state: Upper(crowd.state),
            answers: crowd.answers,
            wanted: crowd.wanted,
            answer: crowd.answer,
            message: (crowd.state == ItemCrowdState::AwaitingQuota).then_some(
                "People are asked once the project has quota for the item; buy judgements with POST /api/v1/payments/checkout, or have them granted.",
            ),
        }
    }
}
