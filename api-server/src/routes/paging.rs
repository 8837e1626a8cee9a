//! Lists: one cursor pagination for all of them, and the filter by state.

use datacrowd_protocol::WireEnum;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::error::{ApiError, ApiResult};

/// Where a page begins, and how long it is.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// Items per page, 1 to 200; 50 when absent.
    limit: Option<i64>,
    /// `nextCursor` of the page before.
    cursor: Option<Uuid>,
}

impl Paging {
    pub fn limit(&self) -> ApiResult<i64> {
        page_limit(self.limit)
    }

    pub fn cursor(&self) -> Option<Uuid> {
        self.cursor
    }
}

/// Where a page of numbered entries begins, newest first: people's work, a ledger.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct WorkPaging {
    /// Items per page, 1 to 200; 50 when absent.
    limit: Option<i64>,
    /// `nextCursor` of the page before.
    cursor: Option<i64>,
}

impl WorkPaging {
    pub fn limit(&self) -> ApiResult<i64> {
        page_limit(self.limit)
    }

    pub fn cursor(&self) -> Option<i64> {
        self.cursor
    }
}

/// Items per page as asked for.
pub fn page_limit(limit: Option<i64>) -> ApiResult<i64> {
    match limit.unwrap_or(50) {
        limit @ 1..=200 => Ok(limit),
        _ => Err(ApiError::invalid_member(
            "limit",
            "must be between 1 and 200",
        )),
    }
}

/// Only what is in this state.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct InState {
    /// The state as the list shows it; all when absent.
    state: Option<String>,
}

impl InState {
    pub fn state<T: WireEnum>(&self) -> ApiResult<Option<T>> {
        one_of("state", self.state.as_deref())
    }
}

/// A query parameter that names one of a few things.
pub fn one_of<T: WireEnum>(member: &str, text: Option<&str>) -> ApiResult<Option<T>> {
    let Some(text) = text else { return Ok(None) };
    match T::from_upper(text) {
        Some(value) => Ok(Some(value)),
        None => {
            let known: Vec<_> = T::ALL.iter().map(|v| v.upper()).collect();
            Err(ApiError::invalid_member(
                member,
                format!("must be one of {}", known.join(", ")),
            ))
        }
    }
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PageBody<T> {
    pub items: Vec<T>,
    pub next_cursor: Option<String>,
}

impl<T> PageBody<T> {
    /// A page of rows of which one more than `limit` was asked for: that one says that there is a next page.
    pub fn cut<U: Into<T>, C: ToString>(mut rows: Vec<U>, limit: i64, cursor: fn(&U) -> C) -> Self {
        let limit = usize::try_from(limit).unwrap_or(0);
        let next_cursor = match rows.len() > limit {
            true => rows
                .get(limit.saturating_sub(1))
                .map(|row| cursor(row).to_string()),
            false => None,
        };
        rows.truncate(limit);
        Self {
            items: rows.into_iter().map(Into::into).collect(),
            next_cursor,
        }
    }

    pub fn of<U: Into<T>, C: ToString>(page: datacrowd_labelling::Page<U, C>) -> Self {
        Self {
            items: page.items.into_iter().map(Into::into).collect(),
            next_cursor: page.next.map(|c| c.to_string()),
        }
    }
}
