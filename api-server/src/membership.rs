//! How a CLIENT gets a tenant: keeps it, founds one, or joins the one that an ADMIN names.

pub mod invited;

use datacrowd_labelling::{Error as CoreError, Refusal, Tenant};
use datacrowd_protocol::{
    ids::{TenantId, UserId},
    names::TENANT_LABEL,
};

use crate::{
    error::{ApiError, ApiResult, Code},
    idempotency::SameRequest,
    names::resource_name,
    state::App,
};

/// How many names are tried for a new tenant; five random characters are hardly ever taken.
const NAME_TRIES: u32 = 5;
/// Longest value of a label, and longest DNS label.
const MAX_LABEL: usize = 63;

/// Makes a user a member of the named tenant; without a name they keep theirs, or found one.
pub async fn join(
    app: &App,
    user: UserId,
    username: &str,
    named: Option<String>,
    admin: UserId,
) -> ApiResult<Tenant> {
    let actor = admin.to_string();
    let name = match named {
        Some(name) => name,
        None => match app.core.tenant_of(user).await? {
            Some(known) if known.namespace.is_some() => return Ok(known),
            Some(known) => known.name,
            None => return found(app, user, username, &actor).await,
        },
    };
    join_named(app, user, &name, &actor).await
}

/// A tenant of their own, under a name that nobody else can want. The row with its founder comes first, then the
/// namespace that carries the row's id; a try after a crash finds both and goes on.
async fn found(app: &App, user: UserId, username: &str, actor: &str) -> ApiResult<Tenant> {
    for _ in 0..NAME_TRIES {
        let fresh = resource_name(username, "client", SameRequest(None));
        let founding = match app.core.tenant_found(user, &fresh, actor).await {
            Err(CoreError::Refused(Refusal::TenantTaken)) => continue,
            begun => begun?,
        };
        if let Some(home) = home_of_founding(app, &founding).await? {
            let name = &founding.name;
            return Ok(app.core.tenant_join(user, name, &home, actor).await?);
        }
        match app
            .core
            .tenant_rename(founding.id, &founding.name, &fresh)
            .await
        {
            Ok(()) | Err(CoreError::Refused(Refusal::TenantTaken)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(namespace_taken())
}

/// The home of a tenant that was founded over REST; none when its name is somebody else's namespace.
async fn home_of_founding(app: &App, founding: &Tenant) -> ApiResult<Option<String>> {
    if let Some(home) = &founding.namespace {
        return Ok(Some(home.clone()));
    }
    let namespace = format!("dc-{}", founding.name);
    let made = app.cluster.found_namespace(&namespace, founding).await?;
    Ok(made.then_some(namespace))
}

fn namespace_taken() -> ApiError {
    ApiError::new(Code::NamespaceTaken)
}

/// The tenant of a name that could be one's; none when no row has it.
async fn tenant_named(app: &App, name: &str) -> ApiResult<Option<Tenant>> {
    if !is_dns_label(name) {
        return Err(ApiError::invalid_member(
            "tenant",
            "is no tenant's name: lower-case letters, digits and dashes, at most 63",
        ));
    }
    match app.core.tenant_by_name(name).await {
        Ok(known) => Ok(Some(known)),
        Err(CoreError::Refused(Refusal::NotFound)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn undeclared(name: &str) -> ApiError {
    ApiError::invalid_member(
        "tenant",
        format!(
            "names a tenant that nothing declares; label a namespace {TENANT_LABEL}={name} first, or leave it out and a tenant is founded"
        ),
    )
}

/// Refuses a tenant that nobody could join now: said to who names it, not to who comes later. Its id, if it has one already.
pub async fn may_be_joined(app: &App, name: &str) -> ApiResult<Option<TenantId>> {
    let known = tenant_named(app, name).await?;
    if known.is_some() || !app.cluster.namespaces_of(name).await?.is_empty() {
        Ok(known.map(|tenant| tenant.id))
    } else {
        Err(undeclared(name))
    }
}

/// Joins a tenant that exists, because it was founded or because a namespace's label declares it.
async fn join_named(app: &App, user: UserId, name: &str, actor: &str) -> ApiResult<Tenant> {
    let known = tenant_named(app, name).await?;
    let lived_in = match &known {
        Some(known) => lives_in(app, known).await?,
        None => None,
    };
    let homes = match known {
        Some(_) if lived_in.is_some() => lived_in.into_iter().collect(),
        Some(founding) if founding.founded && founding.namespace.is_none() => {
            let home = home_of_founding(app, &founding).await?;
            vec![home.ok_or_else(namespace_taken)?]
        }
        // The label is the cluster administrator's word; their namespace becomes the home.
        _ => app.cluster.namespaces_of(name).await?,
    };
    if homes.is_empty() {
        return Err(undeclared(name));
    }
    // A namespace may have been another tenant's home before it got this label.
    for home in &homes {
        match app.core.tenant_join(user, name, home, actor).await {
            Err(CoreError::Refused(Refusal::TenantTaken)) => {}
            joined => return Ok(joined?),
        }
    }
    Err(Refusal::TenantTaken.into())
}

/// The home that a tenant has, while its label still names the tenant.
async fn lives_in(app: &App, tenant: &Tenant) -> ApiResult<Option<String>> {
    let Some(home) = &tenant.namespace else {
        return Ok(None);
    };
    match app.cluster.bound(home, tenant).await {
        Ok(_) => Ok(Some(home.clone())),
        Err(error) if error.is_refusal() => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_dns_label(name: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=MAX_LABEL).contains(&name.len())
        && name.bytes().all(inner)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::is_dns_label;

    #[test]
    fn a_name_that_would_select_other_labels_is_none() {
        for bad in ["", "a,b=c", "a b", "A", "-a", "a-", &"a".repeat(64)] {
            assert!(!is_dns_label(bad), "{bad}");
        }
        assert!(is_dns_label("acme-2"));
    }
}
