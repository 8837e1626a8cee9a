//! Predictions that a Model with `predict: Always` makes by itself: one for each Dataset of its Project whose tasks are there. With
//! the Model the cluster removes them, by ownership; with its Dataset each goes here.

use datacrowd_crds::{
    Dataset, Model, Prediction, PredictionSpec,
    dataset::ProjectRef,
    export::DatasetRef,
    model::Predicts,
    names::{MODEL_LABEL, QUEUE_LABEL},
    prediction::ModelRef,
};
use datacrowd_protocol::{internal::DatasetState, model::ModelState, source::SourceFormat};
use kube::{
    Api, Resource as _, ResourceExt as _,
    api::{DeleteParams, PostParams},
};

use crate::{
    context::Context,
    error::{Error, has_code},
    managed::Pass,
};

/// Most characters of each name that a Prediction's own begins with.
const SHOWN: usize = 17;

/// Makes what is missing, and removes what its Dataset left behind. What is there, by whomever, is made by nobody again.
pub(super) async fn ensure(
    ctx: &Context,
    pass: &Pass<Model>,
    state: ModelState,
) -> Result<(), Error> {
    let model = &pass.object;
    let namespace = &pass.who.namespace;
    let there = ctx.caches.predictions_of(namespace, &pass.who.name);
    let datasets = ctx
        .caches
        .datasets_of(namespace, &model.spec.project_ref.name);
    let api: Api<Prediction> = Api::namespaced(ctx.client.clone(), namespace);
    let uid = pass.who.uid.to_string();
    let is_ours = |p: &Prediction| p.owner_references().iter().any(|owner| owner.uid == uid);
    let left = there.iter().filter(|p| is_ours(p) && !is_going(*p));
    for prediction in left.filter(|p| !datasets.iter().any(|d| is_over(p, d) && !is_going(d))) {
        remove(&api, &prediction.name_any()).await?;
    }
    if model.spec.predict() != Predicts::Always || state != ModelState::Ready {
        return Ok(());
    }
    for dataset in datasets.iter().filter(|d| is_predictable(d)) {
        if !there.iter().any(|p| is_over(p, dataset)) {
            make(&api, &prediction(model, &dataset.name_any())?).await?;
        }
    }
    Ok(())
}

/// Whether its tasks, or its gold, are there. An Inbox's items are predicted as they come.
fn is_predictable(dataset: &Dataset) -> bool {
    let state = dataset.status.as_ref().and_then(|status| status.state);
    matches!(state, Some(DatasetState::Ready | DatasetState::Completed))
        && dataset.spec.source.format != Some(SourceFormat::Inbox)
        && !is_going(dataset)
}

fn is_over(prediction: &Prediction, dataset: &Dataset) -> bool {
    dataset.metadata.name.as_ref() == Some(&prediction.spec.dataset_ref.name)
}

fn is_going(object: &impl kube::Resource) -> bool {
    object.meta().deletion_timestamp.is_some()
}

/// One that somebody else made meanwhile is as good.
async fn make(api: &Api<Prediction>, wanted: &Prediction) -> Result<(), Error> {
    match api.create(&PostParams::default(), wanted).await {
        Err(error) if !has_code(&error, 409) => Err(Error::kube("making a Prediction")(error)),
        _ => Ok(()),
    }
}

async fn remove(api: &Api<Prediction>, name: &str) -> Result<(), Error> {
    match api.delete(name, &DeleteParams::default()).await {
        Err(error) if !has_code(&error, 404) => Err(Error::kube("deleting a Prediction")(error)),
        _ => Ok(()),
    }
}

/// What the Model says of a Dataset, to be its own.
fn prediction(model: &Model, dataset: &str) -> Result<Prediction, Error> {
    let owner = model.controller_owner_ref(&());
    let owner = owner.ok_or(Error::Malformed("uid"))?;
    let spec = PredictionSpec {
        project_ref: ProjectRef {
            name: model.spec.project_ref.name.clone(),
        },
        model_ref: ModelRef {
            name: model.name_any(),
        },
        dataset_ref: DatasetRef {
            name: dataset.to_owned(),
        },
    };
    let mut made = Prediction::new(&name(&model.name_any(), dataset), spec);
    made.metadata.namespace = model.namespace();
    made.metadata.owner_references = Some(vec![owner]);
    let queue = model.labels().get(QUEUE_LABEL).cloned();
    let queue = queue.map(|queue| (QUEUE_LABEL.to_owned(), queue));
    let of = (MODEL_LABEL.to_owned(), model.name_any());
    made.metadata.labels = Some(queue.into_iter().chain([of]).collect());
    Ok(made)
}

/// `<model>-<dataset>-<8 digits of both>`: the same for the same two, and another for any others, which may begin alike. FNV-1a, since
/// the standard library's hash may be another one in the next release.
fn name(model: &str, dataset: &str) -> String {
    let both = model.bytes().chain([b'/']).chain(dataset.bytes());
    let digits = both.fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    let shown = |name: &str| name.chars().take(SHOWN).collect::<String>();
    format!("{}-{}-{digits:08x}", shown(model), shown(dataset))
}

#[cfg(test)]
mod tests {
    use datacrowd_crds::names::MAX_NAME;

    use super::*;

    #[test]
    fn a_name_tells_two_pairs_apart_and_has_room() {
        assert!(name("voices", "items").starts_with("voices-items-"));
        assert_eq!(name("voices", "items"), name("voices", "items"));
        assert_ne!(name("a-b", "c"), name("a", "b-c"));
        let long = "a".repeat(MAX_NAME);
        let other = format!("{}b", "a".repeat(MAX_NAME - 1));
        assert!(name(&long, &long).len() <= MAX_NAME);
        assert_ne!(name(&long, &long), name(&long, &other));
    }
}
