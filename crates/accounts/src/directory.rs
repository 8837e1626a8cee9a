//! Finding people.

use datacrowd_protocol::ids::UserId;
use uuid::Uuid;

use crate::{
    accounts::Accounts,
    error::{Doing, Unavailable},
    user::{Role, User, UserRow, UserStatus},
};

/// Most items of one page.
const MAX_LIMIT: u32 = 200;

/// A page of a list; `next` begins the following one, if there is any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, C> {
    /// The items.
    pub items: Vec<T>,
    /// The cursor of the next page.
    pub next: Option<C>,
}

impl<T, C> Page<T, C> {
    /// Of rows read with a limit of one more than `limit`.
    pub(crate) fn of(mut items: Vec<T>, limit: u32, cursor: impl Fn(&T) -> C) -> Self {
        let is_more = items.len() > limit as usize;
        items.truncate(limit as usize);
        let next = items.last().filter(|_| is_more).map(cursor);
        Self { items, next }
    }
}

impl Accounts {
    /// The person of an id.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn find_user(&self, id: UserId) -> Result<Option<User>, Unavailable> {
        Ok(self.find_users(&[id]).await?.pop())
    }

    /// The people of these ids, in the order of ids; unknown ones are left out.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn find_users(&self, ids: &[UserId]) -> Result<Vec<User>, Unavailable> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let rows = sqlx::query_as!(
            UserRow,
            r#"SELECT id, email, username, role AS "role: Role", status AS "status: UserStatus", created_at, updated_at
               FROM users WHERE id = ANY ($1) ORDER BY id"#,
            &ids
        )
        .fetch_all(&self.pool)
        .await
        .doing("finding users")?;
        Ok(rows.into_iter().map(User::from).collect())
    }

    /// The person of a username, compared without case.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn find_username(&self, username: &str) -> Result<Option<User>, Unavailable> {
        let row = sqlx::query_as!(
            UserRow,
            r#"SELECT id, email, username, role AS "role: Role", status AS "status: UserStatus", created_at, updated_at
               FROM users WHERE lower(username) = lower($1)"#,
            username
        )
        .fetch_optional(&self.pool)
        .await
        .doing("finding a user by name")?;
        Ok(row.map(User::from))
    }

    /// Everybody, or whose username or address holds `search`, compared without case; in the order of registration. `after`
    /// is the previous page's cursor.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn list_users(
        &self,
        search: Option<&str>,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Page<User, UserId>, Unavailable> {
        let limit = limit.clamp(1, MAX_LIMIT);
        let rows = sqlx::query_as!(
            UserRow,
            r#"SELECT id, email, username, role AS "role: Role", status AS "status: UserStatus", created_at, updated_at
               FROM users
               WHERE id > $1 AND ($3::text IS NULL OR strpos(lower(username), lower($3)) > 0 OR strpos(lower(email), lower($3)) > 0)
               ORDER BY id LIMIT $2"#,
            after.map_or(Uuid::nil(), |id| id.0),
            i64::from(limit) + 1,
            search
        )
        .fetch_all(&self.pool)
        .await
        .doing("listing users")?;
        let users = rows.into_iter().map(User::from).collect();
        Ok(Page::of(users, limit, |user: &User| user.id))
    }
}
