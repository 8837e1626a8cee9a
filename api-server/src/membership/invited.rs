//! Who came with the invitation of a client gets their tenant, now or later.

use datacrowd_accounts::{Admin as Deciding, Role, Unsettled, User};
use datacrowd_labelling::Tenant;

use super::join;
use crate::{
    error::{ApiError, ApiResult},
    state::App,
};

/// Invitations that one pass settles: so many that those which cannot be settled leave room for the others.
const MOST_UNSETTLED: i64 = 500;

/// Who has just come with a client's invitation, with their tenant. Where that cannot be had now, they are a WORKER
/// until [`settle_invitations`] tries again.
pub async fn welcome(app: &App, unsettled: &Unsettled, user: User) -> (User, Option<Tenant>) {
    settle(app, unsettled).await.unwrap_or_else(|_| {
        tracing::warn!(user.id = %user.id, "an invited client has no tenant yet; it is tried again");
        (user, None)
    })
}

/// Gives those their tenant whose registration came to its end without.
pub async fn settle_invitations(app: App) {
    let open = match app.accounts.unsettled_invitations(MOST_UNSETTLED).await {
        Ok(open) => open,
        Err(error) => {
            tracing::warn!(error.cause = %error, "invited clients cannot be looked for; the next pass tries again");
            return;
        }
    };
    for unsettled in open {
        // The refusal logged itself, where it is a failure.
        if settle(&app, &unsettled).await.is_err() {
            tracing::warn!(user.id = %unsettled.user, "an invited client has no tenant yet; the next pass tries again");
        }
    }
}

/// The tenant, then the role, then the note that both are there: each may be repeated. Who is no WORKER any more has
/// what an ADMIN decided since, which an older invitation does not take back.
async fn settle(app: &App, unsettled: &Unsettled) -> ApiResult<(User, Option<Tenant>)> {
    let by = unsettled.issued_by;
    let named = unsettled.tenant.clone();
    let (id, name) = (unsettled.user, &unsettled.username);
    let user = app.accounts.find_user(id).await?;
    let user = user.ok_or_else(ApiError::not_found)?;
    let (user, tenant) = match user.role {
        Role::Worker => {
            let tenant = join(app, id, name, named, by).await?;
            let client = app
                .accounts
                .set_role(Deciding(by), id, Role::Client, app.now());
            (client.await?, Some(tenant))
        }
        Role::Client | Role::Admin => (user, app.core.tenant_of(id).await?),
    };
    app.accounts
        .settle_invitation(unsettled.id, app.now())
        .await?;
    Ok((user, tenant))
}
