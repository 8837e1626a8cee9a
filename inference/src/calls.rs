//! The calls of the internal API that only those make who run models.

use std::time::Duration;

use datacrowd_job::platform::{Answer, LONG, Platform, SHORT};
use datacrowd_protocol::{
    ids::ModelId,
    model::{
        ItemsPage, ItemsRequest, ModelFound, ModelOpened, PredictionsReport, PredictionsTaken,
        QueueLeased, QueueReport, QueueReturn, QueueTake,
    },
};
use reqwest::Method;
use serde::Serialize;
use uuid::Uuid;

/// How long the platform holds a predictor's question for an item.
pub(crate) const WAIT_SECONDS: u64 = 20;

/// The next items, behind a record number.
pub(crate) async fn items(platform: &Platform, epoch: i64, after: i64) -> Answer<ItemsPage> {
    let path = platform.run_path("items");
    let request = ItemsRequest { epoch, after };
    platform.post(&path, &request, LONG).await
}

/// Tells what came of a page. Repeating it is harmless: an item has one prediction of a model.
pub(crate) async fn predictions(
    platform: &Platform,
    report: &PredictionsReport,
) -> Answer<PredictionsTaken> {
    let path = platform.run_path("predictions");
    platform.post(&path, report, LONG).await
}

/// Tells what a model's file holds.
pub(crate) async fn model(platform: &Platform, found: &ModelFound) -> Answer<()> {
    tell(platform, &platform.run_path("model"), found).await
}

fn queue_path(model: ModelId, operation: &str) -> String {
    format!("internal/models/{model}/queue/{operation}")
}

/// The model that a predictor keeps loaded.
pub(crate) async fn queue_open(platform: &Platform, model: ModelId) -> Answer<ModelOpened> {
    let path = queue_path(model, "open");
    platform.post(&path, &(), SHORT).await
}

/// The item that waited longest; none when none came in time. Repeating it gets the same item.
pub(crate) async fn queue_lease(
    platform: &Platform,
    model: ModelId,
    take: QueueTake,
) -> Answer<QueueLeased> {
    let path = queue_path(model, "lease");
    let patience = SHORT + Duration::from_secs(take.wait_seconds);
    platform.post(&path, &take, patience).await
}

/// Tells what came of an item.
pub(crate) async fn queue_report(
    platform: &Platform,
    model: ModelId,
    report: &QueueReport,
) -> Answer<()> {
    tell(platform, &queue_path(model, "report"), report).await
}

/// Gives back what was not begun.
pub(crate) async fn queue_return(platform: &Platform, model: ModelId, lease: Uuid) -> Answer<()> {
    let back = QueueReturn { lease };
    tell(platform, &queue_path(model, "return"), &back).await
}

/// Tells what gets no answer but that it was taken.
async fn tell(platform: &Platform, path: &str, body: &impl Serialize) -> Answer<()> {
    let told = platform.send(path, || {
        Ok(platform.request(Method::POST, path, SHORT)?.json(body))
    });
    told.await.map(drop)
}
