//! `GET /projects/{id}/ledger`: every movement of money on a project's account.

use axum::extract::State;
use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::ProjectId;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::Owner,
    error::ApiResult,
    extract::{Path, Query},
    routes::paging::WorkPaging,
    state::App,
};

/// What the account holds in one currency.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BalanceBody {
    #[schema(example = "EUR")]
    currency: String,
    amount_cents: i64,
}

/// One movement.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LedgerEntryBody {
    id: i64,
    payment_id: Uuid,
    /// PAYMENT, REFUND or DISPUTE.
    #[schema(example = "PAYMENT")]
    kind: String,
    /// Positive: the project's account gained it.
    amount_cents: i64,
    currency: String,
    at: DateTime<Utc>,
}

/// Balances and movements, newest first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LedgerBody {
    balances: Vec<BalanceBody>,
    items: Vec<LedgerEntryBody>,
    next_cursor: Option<String>,
}

/// A project's ledger.
#[utoipa::path(get, path = "/projects/{id}/ledger", tag = "payments", params(("id" = Uuid, Path), WorkPaging), responses((status = 200, body = LedgerBody)))]
pub async fn project_ledger(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    Query(paging): Query<WorkPaging>,
) -> ApiResult<axum::Json<LedgerBody>> {
    let project = app.core.project_find(owner.scope(), ProjectId(id)).await?;
    let ledger = app
        .billing
        .ledger(project.tenant, project.id, paging.cursor(), paging.limit()?)
        .await?;
    Ok(axum::Json(LedgerBody {
        balances: ledger
            .balances
            .into_iter()
            .map(|(currency, amount_cents)| BalanceBody {
                currency,
                amount_cents,
            })
            .collect(),
        items: ledger
            .page
            .items
            .into_iter()
            .map(|e| LedgerEntryBody {
                id: e.id,
                payment_id: e.payment.0,
                kind: e.kind.to_ascii_uppercase(),
                amount_cents: e.amount_cents,
                currency: e.currency,
                at: e.at,
            })
            .collect(),
        next_cursor: ledger.page.next.map(|n| n.to_string()),
    }))
}
