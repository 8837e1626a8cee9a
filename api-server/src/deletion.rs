//! Deletions as far as one request may go with them; the sweeper goes on with what is left.

use std::time::Duration;

use axum::http::StatusCode;
use datacrowd_crds as crds;
use datacrowd_labelling::{Deletion, Model, Prediction};
use datacrowd_protocol::{
    ids::{DatasetId, ResourceUid},
    source::DeletionPolicy,
};
use tokio::time::Instant;

use crate::{
    cluster::{Bound, Deleted},
    error::ApiResult,
    state::App,
};

/// How long one request may delete.
const SHARE: Duration = Duration::from_secs(5);

/// Forgets the resource of a dataset, and goes on with what follows.
pub async fn dataset(
    app: &App,
    id: DatasetId,
    uid: ResourceUid,
    policy: DeletionPolicy,
) -> ApiResult<Deletion> {
    let bucket = app.objects.bucket().name();
    let begun = app.core.dataset_delete(id, uid, policy, bucket, app.now());
    match begun.await? {
        Deletion::Done => Ok(Deletion::Done),
        Deletion::Unfinished => go_on(app, id).await,
    }
}

/// Goes on with a dataset that nothing is bound to.
pub async fn go_on(app: &App, id: DatasetId) -> ApiResult<Deletion> {
    let end = Instant::now() + SHARE;
    let bucket = app.objects.bucket().name();
    while Instant::now() < end {
        if app.core.dataset_let_go(id, bucket, app.now()).await? == Deletion::Done {
            return Ok(Deletion::Done);
        }
    }
    Ok(Deletion::Unfinished)
}

/// What the operator is told: 202 says that there is more, and the same request goes on.
pub fn status(step: Deletion) -> StatusCode {
    match step {
        Deletion::Done => StatusCode::NO_CONTENT,
        Deletion::Unfinished => StatusCode::ACCEPTED,
    }
}

/// Deletes the resource of a model. Of one that is not there, nobody else tells the platform, nor asks it to go on.
pub async fn model(app: &App, at: &Bound, model: &Model, policy: DeletionPolicy) -> ApiResult<()> {
    let Some(uid) = model.bound_uid else {
        return Ok(());
    };
    let deleted = app.cluster.delete::<crds::Model>(at, &model.name, uid);
    if deleted.await? == Deleted::Gone {
        let step = || app.core.model_delete(model.id, uid, policy);
        while step().await? == Deletion::Unfinished {}
    }
    Ok(())
}

/// Deletes the resource of a prediction. Of one that is not there, nobody else tells the platform, nor asks it to go on.
pub async fn prediction(
    app: &App,
    at: &Bound,
    prediction: &Prediction,
    policy: DeletionPolicy,
) -> ApiResult<()> {
    let Some(uid) = prediction.bound_uid else {
        return Ok(());
    };
    let deleted = app
        .cluster
        .delete::<crds::Prediction>(at, &prediction.name, uid);
    if deleted.await? == Deleted::Gone {
        let step = || app.core.prediction_delete(prediction.id, uid, policy);
        while step().await? == Deletion::Unfinished {}
    }
    Ok(())
}
