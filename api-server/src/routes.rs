//! The public REST API: one file per resource, each request and response beside its handler.

mod accounts;
mod admin;
mod answers;
mod audit;
mod conduct;
mod datasets;
mod exports;
mod health;
mod invitations;
mod labeling;
mod media;
mod paging;
mod payments;
mod points;
mod preview;
mod projects;
mod promo_codes;
mod resets;
mod restore;
mod reviews;
mod second_factor;
mod sessions;
mod skips;
mod stats;
mod tasks;
mod tokens;
mod webhooks;
mod work;
mod workers;

use axum::{Router, extract::DefaultBodyLimit};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};
use utoipa_swagger_ui::SwaggerUi;

use crate::{
    describe,
    guards::{body_limit::MAX_JSON_BYTES, deprecation::DEPRECATIONS},
    paths::VERSIONED,
    state::App,
};

#[derive(OpenApi)]
#[openapi(
    info(title = "DataCrowd Lab", description = "Crowd labelling on Kubernetes: datasets become tasks, people answer and review them, clients download what was approved."),
    modifiers(&BearerAuth),
    security(("bearer" = []))
)]
struct Document;

struct BearerAuth;

impl Modify for BearerAuth {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_with(Default::default);
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .build();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

fn api() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(accounts::register))
        .routes(routes!(accounts::login))
        .routes(routes!(accounts::refresh))
        .routes(routes!(accounts::logout))
        .routes(routes!(resets::reset_redeem))
        .routes(routes!(accounts::me))
        .routes(routes!(sessions::session_list))
        .routes(routes!(sessions::session_revoke))
        .routes(routes!(sessions::reauthenticate))
        .routes(routes!(sessions::password_change))
        .routes(routes!(second_factor::totp_get, second_factor::totp_enrol))
        .routes(routes!(second_factor::totp_confirm))
        .routes(routes!(second_factor::totp_renew_codes))
        .routes(routes!(second_factor::totp_disable))
        .routes(routes!(tokens::token_create, tokens::token_list))
        .routes(routes!(tokens::token_revoke))
        .routes(routes!(admin::user_list))
        .routes(routes!(admin::user_role))
        .routes(routes!(admin::user_status))
        .routes(routes!(resets::reset_issue))
        .routes(routes!(
            invitations::invitation_issue,
            invitations::invitation_list
        ))
        .routes(routes!(invitations::invitation_revoke))
        .routes(routes!(audit::audit_list))
        .routes(routes!(conduct::reviewer_list))
        .routes(routes!(conduct::rejection_list))
        .routes(routes!(projects::project_create, projects::project_list))
        .routes(routes!(
            projects::project_get,
            projects::project_patch,
            projects::delete::project_delete
        ))
        .routes(routes!(restore::project_restore))
        .routes(routes!(labeling::answer_schema_get))
        .routes(routes!(datasets::dataset_list))
        .routes(routes!(
            datasets::dataset_get,
            datasets::delete::dataset_delete
        ))
        .routes(routes!(restore::dataset_restore))
        .routes(routes!(preview::dataset_preview))
        .routes(routes!(datasets::dataset_generate))
        .routes(routes!(datasets::dataset_retry))
        .routes(routes!(work::work_list))
        .routes(routes!(work::work_get))
        .routes(routes!(tasks::task_next))
        .routes(routes!(tasks::task_claim))
        .routes(routes!(tasks::task_lock))
        .routes(routes!(tasks::task_heartbeat))
        .routes(routes!(tasks::task_unlock))
        .routes(routes!(tasks::task_skip))
        .routes(routes!(tasks::task_submit))
        .routes(routes!(tasks::task_held))
        .routes(routes!(media::task_media))
        .routes(routes!(reviews::review_next))
        .routes(routes!(reviews::review_claim))
        .routes(routes!(reviews::review_approve))
        .routes(routes!(reviews::review_reject))
        .routes(routes!(reviews::review_undo))
        .routes(routes!(answers::answer_list))
        .routes(routes!(answers::answer_withdraw))
        .routes(routes!(points::points))
        .routes(routes!(payments::checkout::payment_checkout))
        .routes(routes!(payments::list::payment_list))
        .routes(routes!(payments::get::payment_get))
        .routes(routes!(payments::ledger::project_ledger))
        .routes(routes!(promo_codes::promo_create, promo_codes::promo_list))
        .routes(routes!(promo_codes::promo_end))
        .routes(routes!(webhooks::stripe_event))
        .routes(routes!(workers::worker_list))
        .routes(routes!(workers::worker_put, workers::worker_remove))
        .routes(routes!(workers::worker_block))
        .routes(routes!(workers::worker_void))
        .routes(routes!(stats::project_stats))
        .routes(routes!(skips::skip_list))
        .routes(routes!(exports::export_create))
        .routes(routes!(exports::export_list))
        .routes(routes!(exports::export_get))
        .routes(routes!(exports::export_download))
        .layer(DefaultBodyLimit::max(MAX_JSON_BYTES))
        // an upload has its own limit
        .merge(
            OpenApiRouter::new()
                .routes(routes!(datasets::create::dataset_create))
                .layer(DefaultBodyLimit::disable()),
        )
}

/// The OpenAPI document of the public API.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    described(api().into_openapi())
}

fn described(document: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    let mut document = describe::complete(document);
    describe::mark(&mut document, DEPRECATIONS);
    document
}

/// Everything on the public port: the API at the root and under `/api/v1`, its description, the probes.
pub fn public_router() -> Router<App> {
    let (router, document) = api().split_for_parts();
    Router::new()
        .nest(VERSIONED, router.clone())
        .merge(router)
        .merge(health::router())
        .merge(SwaggerUi::new("/docs").url("/openapi.json", described(document)))
        .fallback(async || axum::http::StatusCode::NOT_FOUND)
}
