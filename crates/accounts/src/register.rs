//! Registration, and the first administrator.

use std::fmt;

use datacrowd_protocol::WireEnum;
use serde_json::json;
use uuid::Uuid;

use crate::{
    accounts::Accounts,
    error::{BootstrapError, Doing, FieldError, RegisterError, Unavailable},
    identity, policy, record,
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
    fn violations(&self) -> Vec<FieldError> {
        let mut found = Vec::new();
        identity::email(&self.email, &mut found);
        identity::username(&self.username, &mut found);
        let own = [self.email.as_str(), self.username.as_str()];
        found.extend(policy::password("password", &self.password, &own));
        found
    }
}

impl Accounts {
    /// Registers a person as a worker.
    ///
    /// # Errors
    /// See [`RegisterError`]. Of several who ask for one name at once, one gets it.
    pub async fn register(&self, new: NewUser) -> Result<User, RegisterError> {
        self.insert(&new, Role::Worker).await
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
    ) -> Result<(), BootstrapError> {
        if self.has_admin().await? {
            return Ok(());
        }
        let new = NewUser {
            email: email.to_owned(),
            username: username.to_owned(),
            password: password.to_owned(),
        };
        match self.insert(&new, Role::Admin).await {
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

    async fn insert(&self, new: &NewUser, role: Role) -> Result<User, RegisterError> {
        let violations = new.violations();
        if !violations.is_empty() {
            return Err(RegisterError::Invalid(violations));
        }
        let password_hash = self.hasher.hash(&new.password).await?;
        let now = self.clock.now();

        let mut tx = self.pool.begin().await.doing("beginning a registration")?;
        let user: User = sqlx::query_as!(
            UserRow,
            r#"INSERT INTO users (id, email, username, password_hash, role, created_at, updated_at)
               VALUES ($1, $2, $3, $4, $5, $6, $6)
               RETURNING id, email, username, role AS "role: Role", status AS "status: UserStatus", created_at, updated_at"#,
            Uuid::now_v7(),
            new.email,
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
        if role == Role::Admin {
            record::decision(&mut tx, now, None, "admin.bootstrap", user.id, json!({})).await?;
        }
        tx.commit().await.doing("committing a registration")?;
        tracing::info!(user.id = %user.id, user.role = role.upper(), "registered");
        Ok(user)
    }
}

/// Which name the database refused: only a named constraint decides who was first.
fn taken(error: sqlx::Error) -> RegisterError {
    match error.as_database_error().and_then(|e| e.constraint()) {
        Some("users_email_taken") => RegisterError::EmailTaken,
        Some("users_username_taken") => RegisterError::UsernameTaken,
        _ => RegisterError::Unavailable(Unavailable::Database {
            doing: "inserting a user",
            source: error,
        }),
    }
}
