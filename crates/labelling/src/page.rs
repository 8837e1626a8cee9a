//! Pages of lists.

use uuid::Uuid;

/// A page of a list, and where the next one begins.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// In ascending order of id.
    pub items: Vec<T>,
    /// Last id of this page when there is another one.
    pub next: Option<Uuid>,
}

impl<T> Page<T> {
    /// A page of the first `limit` of `items`, of which one more was read to know whether another page follows.
    pub(crate) fn cut(mut items: Vec<T>, limit: i64, id: impl Fn(&T) -> Uuid) -> Self {
        let more = i64::try_from(items.len()).unwrap_or(i64::MAX) > limit;
        if more {
            items.pop();
        }
        let next = items.last().filter(|_| more).map(id);
        Self { items, next }
    }
}
