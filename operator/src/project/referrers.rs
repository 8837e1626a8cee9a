//! Who refers to a Project: while anyone does, it cannot go.

use datacrowd_crds::{Dataset, Export, Model, Prediction, Project};
use kube::{Api, Resource, ResourceExt, api::ListParams, core::PartialObjectMeta};

use crate::{context::Context, error::Error, managed::Pass};

/// Most referrers that are named in a message.
const NAMED: usize = 10;

/// The resources that name this Project, sorted, as `dataset/name`.
pub(super) async fn referrers(ctx: &Context, pass: &Pass<Project>) -> Result<Vec<String>, Error> {
    let mut names = referrers_of::<Dataset>(ctx, pass, "dataset").await?;
    names.extend(referrers_of::<Export>(ctx, pass, "export").await?);
    names.extend(referrers_of::<Model>(ctx, pass, "model").await?);
    names.extend(referrers_of::<Prediction>(ctx, pass, "prediction").await?);
    names.sort();
    names.truncate(NAMED);
    Ok(names)
}

async fn referrers_of<K>(
    ctx: &Context,
    pass: &Pass<Project>,
    kind: &str,
) -> Result<Vec<String>, Error>
where
    K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
        + Clone
        + std::fmt::Debug
        + serde::de::DeserializeOwned,
{
    let api: Api<K> = Api::namespaced(ctx.client.clone(), &pass.who.namespace);
    let of_project =
        ListParams::default().fields(&format!("spec.projectRef.name={}", pass.who.name));
    // Metadata only: a referrer that does not decode refers all the same.
    let list = api
        .list_metadata(&of_project)
        .await
        .map_err(Error::kube("listing who refers to the Project"))?;
    let name = |object: PartialObjectMeta<K>| format!("{kind}/{}", object.name_any());
    Ok(list.items.into_iter().map(name).collect())
}
