//! The internal API, on its own port: operator and trusted services by shared secret, runners by their
//! pod's projected token. No platform secret ever reaches a tenant's namespace.

mod auth;
mod datasets;
mod departures;
mod exports;
mod models;
mod predictions;
mod projects;
mod queue;
mod runs;
mod tasks;
mod webhooks;

use axum::{Router, extract::State, routing::get};
use datacrowd_protocol::names::INTERNAL_TOKEN_HEADER;
use utoipa::{
    Modify, OpenApi,
    openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{describe, state::App};

#[derive(OpenApi)]
#[openapi(
    info(title = "DataCrowd Lab, internal", description = "What the operator and the runners call, on a port of its own."),
    modifiers(&Callers)
)]
struct Document;

/// How each kind of caller proves itself.
struct Callers;

impl Modify for Callers {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_with(Default::default);
        let token = ApiKey::Header(ApiKeyValue::new(INTERNAL_TOKEN_HEADER));
        components.add_security_scheme("operator", SecurityScheme::ApiKey(token));
        let pod = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
        let pod = pod.description(Some("The pod's projected token."));
        components.add_security_scheme("runner", SecurityScheme::Http(pod.build()));
    }
}

fn api() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(projects::put::project_put))
        .routes(routes!(projects::delete::project_delete))
        .routes(routes!(projects::billing::project_billing))
        .routes(routes!(datasets::put::dataset_put))
        .routes(routes!(datasets::delete::dataset_delete))
        .routes(routes!(datasets::fence::dataset_fence))
        .routes(routes!(datasets::status::dataset_status))
        .routes(routes!(datasets::load::chunk_load))
        .routes(routes!(exports::put::export_put))
        .routes(routes!(exports::delete::export_delete))
        .routes(routes!(exports::status::export_status))
        .routes(routes!(models::put::model_put))
        .routes(routes!(models::delete::model_delete))
        .routes(routes!(models::status::model_status))
        .routes(routes!(models::run::model_run))
        .routes(routes!(queue::queue_open))
        .routes(routes!(queue::queue_lease))
        .routes(routes!(queue::queue_report))
        .routes(routes!(queue::queue_return))
        .routes(routes!(predictions::put::prediction_put))
        .routes(routes!(predictions::delete::prediction_delete))
        .routes(routes!(predictions::status::prediction_status))
        .routes(routes!(predictions::run::prediction_run))
        .routes(routes!(webhooks::put::webhook_put))
        .routes(routes!(webhooks::delete::webhook_delete))
        .routes(routes!(departures::departure))
        .routes(routes!(tasks::task_status))
        .routes(routes!(datasets::run::dataset_run))
        .routes(routes!(exports::run::export_run))
        .routes(routes!(exports::answers::export_answers))
        .routes(routes!(exports::labels::export_labels))
        .routes(routes!(runs::open::run_open))
        .routes(routes!(runs::heartbeat::run_heartbeat))
        .routes(routes!(runs::source_url::run_source_url))
        .routes(routes!(runs::files::run_files))
        .routes(routes!(runs::entries::run_entries))
        .routes(routes!(runs::part::run_part))
        .routes(routes!(runs::workers::run_workers))
        .routes(routes!(runs::model::run_model))
        .routes(routes!(runs::items::run_items))
        .routes(routes!(runs::predictions::run_predictions))
        .routes(routes!(runs::complete::run_complete))
}

/// The OpenAPI document of the internal API.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    describe::complete(api().into_openapi())
}

/// The internal port's routes.
pub fn router() -> Router<App> {
    Router::from(api())
        .route("/healthz", get(async || axum::http::StatusCode::OK))
        .route(
            "/metrics",
            get(async |State(app): State<App>| app.metrics.render()),
        )
        .fallback(async || axum::http::StatusCode::NOT_FOUND)
}
