//! Pages of lists.

use uuid::Uuid;

/// A page of a list, and where the next one begins.
#[derive(Debug, Clone)]
pub struct Page<T, C = Uuid> {
    /// In the order of the list.
    pub items: Vec<T>,
    /// Cursor of the last item when there is another page.
    pub next: Option<C>,
}

impl<T, C> Page<T, C> {
    /// A page of the first `limit` of `items`, of which one more was read to know whether another page follows.
    pub(crate) fn cut(mut items: Vec<T>, limit: i64, cursor: impl Fn(&T) -> C) -> Self {
        let more = i64::try_from(items.len()).unwrap_or(i64::MAX) > limit;
        if more {
            items.pop();
        }
        let next = items.last().filter(|_| more).map(cursor);
        Self { items, next }
    }
}
