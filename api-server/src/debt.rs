//! What clears a debt: the context core says what is owed, prices say what can be bought.

use datacrowd_labelling::{BillingMode, Error, Owing, Refusal};
use serde_json::json;

use crate::{error::ApiError, state::App};

/// The refusal of a tenant in debt, with the smallest purchase that clears it; every other error as it is.
pub fn told(app: &App, error: Error) -> ApiError {
    let Error::Refused(Refusal::DebtOwed { owing }) = error else {
        return error.into();
    };
    let purchase = |owed: &Owing| match app.core.billing_mode() {
        BillingMode::Stripe => app.billing.terms().covering(owed.judgements),
        BillingMode::Manual | BillingMode::Disabled => owed.judgements,
    };
    let projects: Vec<_> = owing
        .iter()
        .map(|owed| {
            json!({
                "projectId": owed.project,
                "displayName": owed.name,
                "owed": owed.judgements,
                "purchase": purchase(owed),
            })
        })
        .collect();
    let least: i64 = owing.iter().map(purchase).sum();
    ApiError::from(Refusal::DebtOwed { owing })
        .detail("purchase", least)
        .detail("projects", projects)
}
