//! Predictors that keep a Model loaded: a Deployment of the Model's own, there while `spec.replicas` asks for it. With the Model
//! the cluster removes it, by ownership.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use datacrowd_crds::{
    Model,
    names::{MODEL_LABEL, OPERATOR_MANAGER, PREDICTOR_LABEL},
};
use datacrowd_protocol::{ids::ModelId, model::ModelState};
use k8s_openapi::{
    api::{
        apps::v1::{Deployment, DeploymentSpec},
        core::v1::PodTemplateSpec,
    },
    apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta},
};
use kube::{
    Api, Resource as _, ResourceExt as _,
    api::{DeleteParams, Patch, PatchParams},
};

use crate::{
    context::{Context, Settings},
    error::{Error, has_code},
    managed::{Identity, Pass},
    work::{
        JobTemplate,
        manifest::{self, Restart},
    },
};

/// Annotation: what was applied last.
const APPLIED: &str = "datacrowd.io/applied";
/// Time for the item that a predictor has begun, once it is asked to stop.
const GRACE_SECONDS: i64 = 90;

/// Makes sure of as many predictors as the spec asks for; returns what the status says of it. None run before the file was
/// looked at.
pub(super) async fn ensure(
    ctx: &Context,
    pass: &Pass<Model>,
    id: ModelId,
    state: ModelState,
) -> Result<Option<i32>, Error> {
    let model = &pass.object;
    let known = pass.status().predictors;
    let replicas = model.spec.replicas();
    if state != ModelState::Ready {
        return Ok(known);
    }
    let deployments: Api<Deployment> = Api::namespaced(ctx.client.clone(), &pass.who.namespace);
    let name = name(&pass.who);
    if replicas == 0 {
        if known.is_some() {
            match deployments.delete(&name, &DeleteParams::default()).await {
                Err(error) if !has_code(&error, 404) => {
                    return Err(Error::kube("deleting the predictors")(error));
                }
                _ => {}
            }
        }
        return Ok(None);
    }
    let owner = model.controller_owner_ref(&());
    let owner = owner.ok_or(Error::Malformed("uid"))?;
    let mut wanted = deployment(&pass.who, id, replicas, &ctx.settings);
    wanted.metadata.owner_references = Some(vec![owner]);
    wanted.metadata.annotations = Some([(APPLIED.to_owned(), mark(&wanted))].into());
    let found = deployments
        .get_opt(&name)
        .await
        .map_err(Error::kube("reading the predictors"))?;
    if found.is_some_and(|found| is_as_wanted(&found, &wanted)) {
        return Ok(Some(replicas));
    }
    let params = PatchParams::apply(OPERATOR_MANAGER).force();
    deployments
        .patch(&name, &params, &Patch::Apply(&wanted))
        .await
        .map_err(Error::kube("applying the predictors"))?;
    Ok(Some(replicas))
}

/// What tells one Deployment that was applied from another.
fn mark(wanted: &Deployment) -> String {
    let mut hasher = DefaultHasher::new();
    serde_json::to_string(wanted)
        .expect("what is sent always serialises")
        .hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Whether the Deployment was applied as it is wanted, and nobody scaled it since: a settled Model causes no writes.
fn is_as_wanted(found: &Deployment, wanted: &Deployment) -> bool {
    let replicas = |d: &Deployment| d.spec.as_ref().and_then(|spec| spec.replicas);
    found.annotations().get(APPLIED) == wanted.annotations().get(APPLIED)
        && replicas(found) == replicas(wanted)
}

/// `<name>-serve-<first 8 of the uid>`.
fn name(who: &Identity) -> String {
    let uid = who.uid.simple().to_string();
    format!("{}-serve-{}", who.name, &uid[..8])
}

/// What runs: the pod of the Job that looks at the model, but for its command and its end. Nothing of it changes from pass to
/// pass, or each would start it anew.
fn deployment(who: &Identity, id: ModelId, replicas: i32, settings: &Settings) -> Deployment {
    let template = JobTemplate::inference("serve", "serve", MODEL_LABEL, settings);
    let mut labels = manifest::labels(&template, who, &settings.installation);
    // The Jobs of the Model have all the others.
    let selector: BTreeMap<_, _> = [(PREDICTOR_LABEL.to_owned(), who.name.clone())].into();
    labels.extend(selector.clone());
    let args = ["serve", "--model-id", &id.to_string()].map(str::to_owned);
    let env = manifest::env(&template, &id.to_string(), None, settings);
    let mut pod = manifest::pod(&template, args.into(), env, Restart::Always);
    pod.termination_grace_period_seconds = Some(GRACE_SECONDS);
    Deployment {
        metadata: ObjectMeta {
            name: Some(name(who)),
            namespace: Some(who.namespace.clone()),
            labels: Some(labels.clone()),
            ..ObjectMeta::default()
        },
        spec: Some(DeploymentSpec {
            replicas: Some(replicas),
            revision_history_limit: Some(1),
            selector: LabelSelector {
                match_labels: Some(selector),
                match_expressions: None,
            },
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta {
                    labels: Some(labels),
                    ..ObjectMeta::default()
                }),
                spec: Some(pod),
            },
            ..DeploymentSpec::default()
        }),
        status: None,
    }
}
