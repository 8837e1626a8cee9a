//! The calls of the internal API that only runs of models make.

use datacrowd_job::platform::{Answer, LONG, Platform, SHORT};
use datacrowd_protocol::model::{
    ItemsPage, ItemsRequest, ModelFound, PredictionsReport, PredictionsTaken,
};
use reqwest::Method;

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
    let path = platform.run_path("model");
    let told = platform.send(&path, || {
        Ok(platform.request(Method::POST, &path, SHORT)?.json(found))
    });
    told.await.map(drop)
}
