//! Registration, and the first administrator.

use std::fmt;

use chrono::{DateTime, Utc};
use datacrowd_idempotency::Once;
use datacrowd_protocol::{WireEnum, ids::UserId};
use serde_json::json;
use uuid::Uuid;

use crate::{
    accounts::Accounts,
    error::{BootstrapError, Doing, FieldError, RegisterError, Unavailable},
    identity::{self, Email},
    invitations::{self, Unsettled},
    login::Origin,
    login_throttle::Admission,
    policy, record,
    settings::Registration,
    user::{Role, User, UserRow, UserStatus},
};

/// What a person gives to get an account.
#[derive(Clone)]
pub struct NewUser {
    /// Their address.
    pub email: String,
    /// How others see them.
    pub username: String,
    /// What proves who they are.
    pub password: String,
}

impl fmt::Debug for NewUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewUser({})", self.username)
    }
}

impl NewUser {
    /// The address in its one form, unless something is not acceptable.
    fn check(&self) -> Result<Email, Vec<FieldError>> {
        let mut found = Vec::new();
        let email = identity::email(&self.email).map_err(|refused| found.push(refused));
        identity::username(&self.username, &mut found);
        let own = [self.email.as_str(), self.username.as_str()];
        found.extend(policy::password("password", &self.password, &own));
        email.ok().filter(|_| found.is_empty()).ok_or(found)
    }
}

/// As what somebody is registered.
enum As<'a> {
    /// With this role.
    Role(Role),
    /// As the invitation of this token says.
    Invited(&'a str),
}

/// Who was registered.
#[derive(Debug)]
pub struct Registered {
    /// The person.
    pub user: User,
    /// What their invitation promises beyond: [`Accounts::settle_invitation`].
    pub unsettled: Option<Unsettled>,
}

impl Accounts {
    /// Registers a person as a worker, or as their invitation says.
    ///
    /// # Errors
    /// See [`RegisterError`]. Of several who ask for one name at once, one gets it; of several who come with one
    /// invitation, one is registered. A refusal leaves the invitation good.
    ///
    /// `once` is answered in the transaction that registers: a repeated request whose first try died finds its answer,
    /// not a name that is taken.
    pub async fn register(
        &self,
        new: NewUser,
        invitation: Option<&str>,
        origin: &Origin,
        once: Option<&Once<'_, Registered>>,
        now: DateTime<Utc>,
    ) -> Result<Registered, RegisterError> {
        let Some(token) = invitation else {
            if self.settings.registration == Registration::Invitation {
                return Err(RegisterError::InvitationRequired);
            }
            return self.insert(&new, As::Role(Role::Worker), once, now).await;
        };
        let attempt = match self.attempt_unnamed(origin, now).await? {
            Admission::Allowed(attempt) => attempt,
            Admission::Wait(retry_after) => return Err(RegisterError::Throttled { retry_after }),
        };
        let outcome = self.insert(&new, As::Invited(token), once, now).await;
        if !matches!(outcome, Err(RegisterError::InvalidInvitation)) {
            let mut connection = self.pool.acquire().await.doing("giving a try back")?;
            attempt.give_back(&mut connection, now).await?;
        }
        outcome
    }

    /// Makes an administrator of this name, unless there is an active one already: then nothing is
    /// changed, so it may run at every start. Nobody who registered under that name is promoted.
    ///
    /// # Errors
    /// See [`BootstrapError`].
    pub async fn ensure_admin(
        &self,
        username: &str,
        email: &str,
        password: &str,
        now: DateTime<Utc>,
    ) -> Result<(), BootstrapError> {
        if self.has_admin().await? {
            return Ok(());
        }
        let new = NewUser {
            email: email.to_owned(),
            username: username.to_owned(),
            password: password.to_owned(),
        };
        match self.insert(&new, As::Role(Role::Admin), None, now).await {
            Ok(_) => Ok(()),
            // Another replica that starts at the same time may have been first.
            Err(RegisterError::EmailTaken | RegisterError::UsernameTaken) => {
                if self.has_admin().await? {
                    Ok(())
                } else {
                    Err(BootstrapError::Taken)
                }
            }
            Err(RegisterError::Invalid(fields)) => Err(BootstrapError::Invalid(fields)),
            Err(RegisterError::Unavailable(error)) => Err(error.into()),
            Err(
                RegisterError::InvitationRequired
                | RegisterError::InvalidInvitation
                | RegisterError::Throttled { .. },
            ) => Err(BootstrapError::Taken), // nobody invites the first
        }
    }

    async fn has_admin(&self) -> Result<bool, Unavailable> {
        sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM users WHERE role = 'admin' AND status = 'active') AS "known!""#
        )
        .fetch_one(&self.pool)
        .await
        .doing("looking for an administrator")
    }

    async fn insert(
        &self,
        new: &NewUser,
        register: As<'_>,
        once: Option<&Once<'_, Registered>>,
        now: DateTime<Utc>,
    ) -> Result<Registered, RegisterError> {
        let email = new.check().map_err(RegisterError::Invalid)?;
        if let As::Invited(token) = register {
            // Before the work of hashing; the transaction decides.
            self.look_for_invitation(token, now).await?;
        }
        let password_hash = self.hasher.hash(&new.password).await?;
        let id = UserId(Uuid::now_v7());

        let mut tx = self.pool.begin().await.doing("beginning a registration")?;
        let (role, invitation) = match register {
            As::Role(role) => (role, None),
            As::Invited(token) => {
                let taken = invitations::take(&mut tx, token, now).await?;
                (taken.first_role(), Some(taken))
            }
        };
        let user: User = sqlx::query_as!(
            UserRow,
            r#"INSERT INTO users (id, email, email_key, username, password_hash, role, created_at, updated_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
               RETURNING id, email, username, role AS "role: Role", status AS "status: UserStatus", created_at, updated_at"#,
            id.0,
            email.shown,
            email.key,
            new.username,
            password_hash,
            role.column(),
            now
        )
        .fetch_one(&mut *tx)
        .await
        .map_err(taken)?
        .into();
        let payload = json!({"username": user.username, "role": role.upper()});
        record::event(&mut tx, now, "user.registered", user.id, payload).await?;
        let mut unsettled = None;
        if let Some(taken) = invitation {
            unsettled = taken.redeem(&mut tx, &user, now).await?;
        } else if role == Role::Admin {
            record::decision(&mut tx, now, None, "admin.bootstrap", user.id, json!({})).await?;
        }
        let registered = Registered { user, unsettled };
        if let Some(once) = once {
            once.store(&mut tx, &registered)
                .await
                .doing("storing an answer")?;
        }
        tx.commit().await.doing("committing a registration")?;
        tracing::info!(user.id = %registered.user.id, user.role = role.upper(), "registered");
        Ok(registered)
    }
}

/// Which name the database refused: only a named constraint decides who was first.
fn taken(error: sqlx::Error) -> RegisterError {
    match error.as_database_error().and_then(|e| e.constraint()) {
        Some("users_email_taken" | "users_email_key_taken") => RegisterError::EmailTaken,
        Some("users_username_taken") => RegisterError::UsernameTaken,
        _ => RegisterError::Unavailable(Unavailable::Database {
            doing: "inserting a user",
            source: error,
        }),
    }
}
