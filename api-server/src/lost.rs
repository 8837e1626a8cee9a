//! Finds what the cluster lost, by asking it for every resource that a row is bound to.
//!
//! A pass concludes nothing unless each question was answered, and a resource is only missed in a namespace
//! that can be read and still carries its tenant's label: a cluster that is being restored, or another one,
//! loses nothing here.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use datacrowd_crds::{Dataset, Export, Model, Prediction, Project};
use datacrowd_labelling::{BoundId, BoundResource, Labelling, Losses};
use futures::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use crate::{cluster::Cluster, error::ApiResult};

/// Rows read at once.
const PAGE: i64 = 500;
/// Questions asked at once.
const AT_ONCE: usize = 8;
/// Most missing resources that the log names.
const NAMED: usize = 20;

/// A pass, if one is due: what was missing in three of them over an hour is unbound, unless that is more than
/// one in twenty of all.
///
/// # Errors
/// The database or the cluster did not answer; then the pass says nothing.
pub async fn pass(core: &Labelling, cluster: &Cluster, now: DateTime<Utc>) -> ApiResult<()> {
    if !core.lost_pass_begin(now).await? {
        return Ok(());
    }
    let (mut bound, mut absent, mut after) = (0, Vec::new(), Uuid::nil());
    loop {
        let page = core.bound_resources(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.uid.0;
        bound += page.len();
        let looks = stream::iter(page).map(|resource| async move {
            let there = is_there(cluster, &resource).await?;
            ApiResult::Ok((!there).then_some(resource))
        });
        let found: Vec<_> = looks.buffer_unordered(AT_ONCE).try_collect().await?;
        absent.extend(found.into_iter().flatten());
    }
    let missing = in_known_namespaces(cluster, absent).await?;
    match core.lost_pass_end(bound, &missing, now).await? {
        Losses::Due(lost) => {
            for resource in lost {
                core.lost_unbind(&resource).await?;
                let BoundResource {
                    namespace, name, ..
                } = &resource;
                let kind = resource.id.kind();
                tracing::warn!(kind, %namespace, %name, "the cluster lost a resource; its rows are kept for a later one of its name");
            }
        }
        Losses::Stopped => {
            tracing::error!(
                bound,
                missing = missing.len(),
                "the cluster lacks too many resources; none is let go"
            );
            for BoundResource {
                id,
                namespace,
                name,
                ..
            } in missing.iter().take(NAMED)
            {
                tracing::warn!(kind = id.kind(), %namespace, %name, "the cluster lacks a resource");
            }
        }
    }
    Ok(())
}

async fn is_there(cluster: &Cluster, resource: &BoundResource) -> ApiResult<bool> {
    let BoundResource {
        namespace, name, ..
    } = resource;
    match resource.id {
        BoundId::Project(_) => cluster.is_there::<Project>(namespace, name).await,
        BoundId::Dataset(_) => cluster.is_there::<Dataset>(namespace, name).await,
        BoundId::Export(_) => cluster.is_there::<Export>(namespace, name).await,
        BoundId::Model(_) => cluster.is_there::<Model>(namespace, name).await,
        BoundId::Prediction(_) => cluster.is_there::<Prediction>(namespace, name).await,
    }
}

/// Leaves out what lies where nobody can say that it should be there.
async fn in_known_namespaces(
    cluster: &Cluster,
    absent: Vec<BoundResource>,
) -> ApiResult<Vec<BoundResource>> {
    let mut labels = BTreeMap::new();
    for resource in &absent {
        if !labels.contains_key(&resource.namespace) {
            let label = cluster.tenant_label(&resource.namespace).await?;
            labels.insert(resource.namespace.clone(), label);
        }
    }
    let is_its_tenants = |resource: &BoundResource| {
        let label = labels.get(&resource.namespace).and_then(Option::as_ref);
        label == Some(&resource.tenant)
    };
    Ok(absent.into_iter().filter(is_its_tenants).collect())
}
