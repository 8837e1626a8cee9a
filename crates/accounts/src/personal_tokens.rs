//! Personal tokens: what a script holds instead of a password. Never more rights than its owner has,
//! never longer than a year, and not for the owner's own security.

use std::fmt;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use datacrowd_protocol::{WireEnum, ids::UserId, wire_enum};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    access::Credential,
    accounts::Accounts,
    alive,
    cache::Rights,
    error::{AccessError, Doing, FieldError, TokenError, Unavailable},
    record,
    sessions::SessionId,
    user::{Role, UserStatus},
};

/// By it a token is told from an access token, and found by scanners of leaked secrets.
const PREFIX: &str = "dcp_";
/// Longest life of a token.
const MAX_DAYS: i64 = 366;
/// Tokens a person may hold at once.
const MAX_TOKENS: i64 = 50;

/// Which token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenId(pub Uuid);

wire_enum! {
    /// What a token may be used for, within what its owner may do.
    pub enum Scope {
        /// Everything that changes nothing.
        Read = "READ" / "read",
        /// Tasks, reviews and points of a worker.
        Work = "WORK" / "work",
        /// Projects, datasets, exports and payments of a client.
        Manage = "MANAGE" / "manage",
        /// What an administrator does.
        Admin = "ADMIN" / "admin",
    }
}

/// What somebody asks for.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// By what its owner will know it; unique among their live tokens.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// A token as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonalToken {
    /// Which.
    pub id: TokenId,
    /// Its name.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// When it was last used, to half a minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A new token, with the text that is shown once.
pub struct IssuedToken {
    /// The token.
    pub token: PersonalToken,
    /// What a script sends.
    pub text: String,
}

impl fmt::Debug for IssuedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IssuedToken({:?})", self.token.id)
    }
}

/// Whether this is a personal token, by its look.
pub(crate) fn is_one(token: &str) -> bool {
    token.starts_with(PREFIX)
}

pub(crate) fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

fn scopes(stored: &[String]) -> Vec<Scope> {
    stored
        .iter()
        .filter_map(|s| Scope::from_column(s))
        .collect()
}

impl NewToken {
    fn violations(&self, now: DateTime<Utc>) -> Vec<FieldError> {
        let mut found = Vec::new();
        let mut refuse = |field, message: &str| {
            found.push(FieldError {
                field,
                message: message.to_owned(),
            });
        };
        if !(1..=100).contains(&self.name.chars().count()) || self.name.contains('\0') {
            refuse("name", "must have 1 to 100 characters");
        }
        if self.scopes.is_empty() {
            refuse(
                "scopes",
                "must name at least one of READ, WORK, MANAGE, ADMIN",
            );
        }
        if self.expires_at <= now || self.expires_at > now + TimeDelta::days(MAX_DAYS) {
            refuse(
                "expiresAt",
                "must lie in the future, at most 366 days from now",
            );
        }
        found
    }
}

impl Accounts {
    /// Makes a token for a person, through a session of theirs that is still alive then.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub async fn create_token(
        &self,
        user: UserId,
        session: SessionId,
        mut new: NewToken,
        now: DateTime<Utc>,
    ) -> Result<IssuedToken, TokenError> {
        new.expires_at = new.expires_at.trunc_subsecs(6); // as it is read back
        let violations = new.violations(now);
        if !violations.is_empty() {
            return Err(TokenError::Invalid(violations));
        }
        new.scopes.sort_by_key(|scope| scope.column());
        new.scopes.dedup();
        let id = TokenId(Uuid::now_v7());
        let text = format!("{PREFIX}{}", hex::encode(rand::random::<[u8; 32]>()));
        let names: Vec<String> = new.scopes.iter().map(|s| s.column().to_owned()).collect();
        let mut tx = self.pool.begin().await.doing("beginning a token")?;
        // The person's lock makes the count hold until the commit.
        let user = alive::through(&mut tx, user, session).await?.user();
        make_room(&mut tx, user, now).await?;
        sqlx::query!(
            "INSERT INTO personal_tokens (id, user_id, name, token_hash, scopes, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            id.0,
            user.0,
            new.name,
            &digest(&text),
            &names,
            now,
            new.expires_at
        )
        .execute(&mut *tx)
        .await
        .map_err(taken)?;
        let details = json!({"token": id.0, "name": new.name, "scopes": names});
        record::act(&mut tx, now, "token.created", user, details).await?;
        tx.commit().await.doing("committing a token")?;
        let token = PersonalToken {
            id,
            name: new.name,
            scopes: new.scopes,
            created_at: now,
            expires_at: new.expires_at,
            last_used_at: None,
        };
        Ok(IssuedToken { token, text })
    }

    /// A person's live tokens, the newest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn list_tokens(
        &self,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<Vec<PersonalToken>, Unavailable> {
        let rows = sqlx::query!(
            "SELECT id, name, scopes, created_at, expires_at, last_used_at FROM personal_tokens
             WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2 ORDER BY id DESC",
            user.0,
            now
        )
        .fetch_all(&self.pool)
        .await
        .doing("listing tokens")?;
        let tokens = rows.into_iter().map(|row| PersonalToken {
            id: TokenId(row.id),
            name: row.name,
            scopes: scopes(&row.scopes),
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
        });
        Ok(tokens.collect())
    }

    /// Ends one of a person's tokens; false when it was not theirs or already over.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn revoke_token(
        &self,
        user: UserId,
        id: TokenId,
        now: DateTime<Utc>,
    ) -> Result<bool, Unavailable> {
        let mut tx = self.pool.begin().await.doing("beginning to end a token")?;
        let ended = sqlx::query!(
            "UPDATE personal_tokens SET revoked_at = $3 WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL",
            id.0,
            user.0,
            now
        )
        .execute(&mut *tx)
        .await
        .doing("ending a token")?
        .rows_affected()
            > 0;
        if ended {
            record::act(&mut tx, now, "token.revoked", user, json!({"token": id.0})).await?;
        }
        tx.commit().await.doing("committing the end of a token")?;
        self.cache.forget(user);
        Ok(ended)
    }

    /// What a token is worth, noting that it is used: at most once per token and half a minute.
    pub(crate) async fn use_token(
        &self,
        digest: &[u8; 32],
        now: DateTime<Utc>,
    ) -> Result<Rights, AccessError> {
        let row = sqlx::query!(
            r#"UPDATE personal_tokens t SET last_used_at = $2 FROM users u
               WHERE t.token_hash = $1 AND u.id = t.user_id
               RETURNING t.id, t.scopes, t.expires_at, (t.revoked_at IS NULL) AS "alive!",
                         u.id AS user_id, u.username, u.role AS "role: Role", u.status AS "status: UserStatus""#,
            digest,
            now
        )
        .fetch_optional(&self.pool)
        .await
        .doing("reading a token")?
        .ok_or(AccessError::Invalid)?;
        Ok(Rights {
            user_id: UserId(row.user_id),
            username: row.username,
            role: row.role,
            status: row.status,
            alive: row.alive,
            expires_at: Some(row.expires_at),
            credential: Credential::Token {
                id: TokenId(row.id),
                scopes: scopes(&row.scopes),
            },
        })
    }
}

/// Ends tokens that are over, and refuses where a person holds as many as one may.
async fn make_room(
    tx: &mut PgConnection,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<(), TokenError> {
    sqlx::query!(
        "UPDATE personal_tokens SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL AND expires_at <= $2",
        user.0,
        now
    )
    .execute(&mut *tx)
    .await
    .doing("making room for a token")?;
    let held = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM personal_tokens WHERE user_id = $1 AND revoked_at IS NULL"#,
        user.0
    )
    .fetch_one(tx)
    .await
    .doing("counting tokens")?;
    match held < MAX_TOKENS {
        true => Ok(()),
        false => Err(TokenError::TooMany { limit: MAX_TOKENS }),
    }
}

/// Ends every token of a person.
pub(crate) async fn end_all(
    tx: &mut PgConnection,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<(), Unavailable> {
    sqlx::query!(
        "UPDATE personal_tokens SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL",
        user.0,
        now
    )
    .execute(tx)
    .await
    .doing("ending tokens")?;
    Ok(())
}

fn taken(error: sqlx::Error) -> TokenError {
    match error.as_database_error().and_then(|e| e.constraint()) {
        Some("personal_tokens_name_taken") => TokenError::NameTaken,
        _ => TokenError::Unavailable(Unavailable::Database {
            doing: "inserting a token",
            source: error,
        }),
    }
}
