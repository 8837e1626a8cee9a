//! Fills in the form in which addresses are compared, for accounts of before it was kept.

use datacrowd_protocol::ids::UserId;
use uuid::Uuid;

use crate::{
    accounts::Accounts,
    error::{Doing, Unavailable},
    identity,
};

/// Accounts that are looked at together.
const BATCH: i64 = 500;

/// What a pass of [`Accounts::key_emails`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keyed {
    /// Accounts whose address is now compared in one form.
    pub keyed: u64,
    /// Accounts whose address another one has in another spelling, or that is none by today's rules. They sign in by
    /// their name, or by the address exactly as it stands there.
    pub left: Vec<UserId>,
}

impl Accounts {
    /// Of two accounts with one address in two spellings the older gets it, the other is left as it is; replicas may
    /// do this at once.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn key_emails(&self) -> Result<Keyed, Unavailable> {
        let mut done = Keyed::default();
        let mut after = Uuid::nil();
        loop {
            // In the order of registration.
            let rows = sqlx::query!(
                "SELECT id, email FROM users WHERE email_key IS NULL AND id > $1 ORDER BY id LIMIT $2",
                after,
                BATCH
            )
            .fetch_all(&self.pool)
            .await
            .doing("looking for addresses without their form")?;
            let Some(last) = rows.last() else {
                return Ok(done);
            };
            after = last.id;
            for row in rows {
                let key = identity::email_key(&row.email);
                match key {
                    Some(key) if self.key_email(row.id, &row.email, &key).await? => done.keyed += 1,
                    _ => done.left.push(UserId(row.id)),
                }
            }
        }
    }

    async fn key_email(&self, id: Uuid, email: &str, key: &str) -> Result<bool, Unavailable> {
        let changed = sqlx::query!(
            "UPDATE users SET email_key = $3 WHERE id = $1 AND email = $2 AND email_key IS NULL
                 AND NOT EXISTS (SELECT FROM users WHERE email_key = $3)",
            id,
            email,
            key
        )
        .execute(&self.pool)
        .await;
        match changed {
            // Another replica may have done it; then it is not left either.
            Ok(changed) if changed.rows_affected() == 0 => self.has_key(id).await,
            Ok(_) => Ok(true),
            Err(error) if is_taken(&error) => Ok(false),
            Err(error) => Err(error).doing("keeping the form of an address"),
        }
    }

    async fn has_key(&self, id: Uuid) -> Result<bool, Unavailable> {
        sqlx::query_scalar!(
            r#"SELECT email_key IS NOT NULL AS "keyed!" FROM users WHERE id = $1"#,
            id
        )
        .fetch_one(&self.pool)
        .await
        .doing("looking at the form of an address")
    }
}

fn is_taken(error: &sqlx::Error) -> bool {
    let constraint = error.as_database_error().and_then(|e| e.constraint());
    constraint == Some("users_email_key_taken")
}
