//! Whose namespace it is: the label, and nothing else. What was bound for another tenant than the label names is let
//! go: its status says nothing more of that tenant, its rows are kept for it, its Jobs end.

use std::time::Duration;

use datacrowd_crds::condition::{Phase, Reason, Verdict};
use datacrowd_protocol::names::TENANT_LABEL;
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, runtime::controller::Action};

use crate::{
    command::kubectl,
    context::Context,
    error::Error,
    managed::{Managed, Pass},
    platform::{PlatformError, causes},
    work::jobs,
};

/// How soon a resource whose Jobs or rows are still ending is looked at again.
const LEAVING: Duration = Duration::from_secs(2);

/// The tenant for whom a pass works. The first upsert binds a resource to one for good, so that it is read live then;
/// later ones the platform refuses when they name another.
pub(crate) async fn of_pass<K: Managed>(
    ctx: &Context,
    pass: &Pass<K>,
) -> Result<Option<String>, Error> {
    let namespace = &pass.who.namespace;
    match (ctx.caches.tenant(namespace), pass.platform_id()) {
        (Some(_), None) => tenant(ctx, namespace).await,
        (seen, _) => Ok(seen),
    }
}

/// The tenant that a namespace belongs to now.
pub(crate) async fn tenant(ctx: &Context, namespace: &str) -> Result<Option<String>, Error> {
    let namespaces: Api<Namespace> = Api::all(ctx.client.clone());
    let found = namespaces
        .get_metadata_opt(namespace)
        .await
        .map_err(Error::kube("reading the namespace"))?;
    let label = found
        .and_then(|ns| ns.metadata.labels)
        .and_then(|mut labels| labels.remove(TENANT_LABEL));
    Ok(label.filter(|tenant| !tenant.is_empty()))
}

/// What is said of a resource in a namespace without a tenant.
pub(crate) fn not_bound(namespace: &str) -> Verdict {
    Verdict::new(
        Phase::Waiting,
        Reason::NamespaceNotBound,
        format!(
            "Namespace {namespace} belongs to no tenant; label it: kubectl label namespace {namespace} {TENANT_LABEL}=<tenant>"
        ),
    )
}

/// What is said of a resource that was bound before its namespace got this label. Of the tenant before, nothing.
fn changed_hands<K: Managed>(pass: &Pass<K>, tenant: &str) -> Verdict {
    let (kind, name, namespace) = (K::KIND, &pass.who.name, &pass.who.namespace);
    let command = kubectl(&pass.who, format_args!("delete {kind} {name}"));
    Verdict::new(
        Phase::Waiting,
        Reason::NamespaceNotBound,
        format!(
            "Namespace {namespace} is labelled for tenant {tenant}, and this {kind} was bound before that; delete it and apply it again: {command}"
        ),
    )
}

/// The last word of a pass that the platform did not accept: `verdict`, unless the namespace is not the one that the
/// resource was bound in. `job_label` is the one that names the resource on its Jobs.
pub(crate) async fn unaccepted<K: Managed>(
    ctx: &Context,
    pass: Pass<K>,
    tenant: Option<&str>,
    verdict: Verdict,
    job_label: Option<&str>,
) -> Result<Action, Error> {
    let known = verdict.reason == Reason::NamespaceNotBound;
    let departed = match departs(ctx, &pass, tenant).await {
        Ok(departed) => departed,
        // The verdict stands whether the platform answers or not, and the next pass asks again.
        Err(error) => {
            tracing::warn!(
                kind = K::KIND,
                namespace = pass.who.namespace,
                name = pass.who.name,
                error = causes(&error),
                "telling the platform whose namespace it is"
            );
            Leaving::default()
        }
    };
    if !known && !departed.departed {
        return pass.settle(ctx, &verdict, ctx.poll()).await;
    }
    let verdict = match tenant {
        Some(tenant) => changed_hands(&pass, tenant),
        None => not_bound(&pass.who.namespace),
    };
    let who = pass.who.clone();
    let mut pass = pass;
    // Nothing of what the status said is this namespace's to know.
    pass.write(ctx, K::Status::default(), &verdict, None)
        .await?;
    // A Job that is not seen yet wakes another pass when it is.
    let running = match job_label.filter(|_| ctx.caches.has_job_of(&who)) {
        Some(label) => jobs::delete_all(ctx, &who, label).await?,
        None => 0,
    };
    Ok(match running > 0 || departed.unfinished {
        true => Action::requeue(LEAVING),
        false => ctx.poll(),
    })
}

/// How far letting go has come.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Leaving {
    /// Whether the resource was bound for another tenant.
    pub departed: bool,
    /// Whether rows of it are still ending.
    pub unfinished: bool,
}

/// Tells the platform whose namespace a resource is in now.
pub(crate) async fn departs<K: Managed>(
    ctx: &Context,
    pass: &Pass<K>,
    tenant: Option<&str>,
) -> Result<Leaving, PlatformError> {
    let told = ctx
        .platform
        .depart(K::RESOURCE, pass.who.uid, tenant, &pass.correlation)
        .await;
    match told {
        Ok(answer) => Ok(Leaving {
            departed: answer.departed,
            unfinished: answer.unfinished,
        }),
        // A platform of the release before knows no such call.
        Err(PlatformError::Refused(_)) => Ok(Leaving::default()),
        Err(error) => Err(error),
    }
}
