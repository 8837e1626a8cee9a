//! The public REST API: a folder for each resource, a file for each operation, with request and response beside the
//! handler.

mod accounts;
mod answers;
mod audit;
mod condition;
mod conduct;
mod datasets;
mod events;
mod exports;
mod gold;
mod health;
mod invitations;
mod items;
mod labeling;
mod link;
mod manifest;
mod media;
mod models;
mod notifications;
mod paging;
mod password;
mod payments;
mod points;
mod predictions;
mod projects;
mod promo_codes;
mod quality;
mod resets;
mod restore;
mod reviews;
mod schedules;
mod second_factor;
mod sessions;
mod skips;
mod stats;
mod tasks;
mod tokens;
mod uploads;
mod users;
mod webhook_endpoints;
mod webhooks;
mod work;
mod workers;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::{from_fn, map_response},
};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};
use utoipa_swagger_ui::SwaggerUi;

use crate::{
    describe,
    guards::{body_limit::MAX_JSON_BYTES, conditional, deprecation::DEPRECATIONS},
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

/// Signing in, and what people do with their own account.
fn account_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(accounts::register::register))
        .routes(routes!(accounts::login::login))
        .routes(routes!(accounts::refresh::refresh))
        .routes(routes!(accounts::logout::logout))
        .routes(routes!(resets::redeem::reset_redeem))
        .routes(routes!(accounts::me::me))
        .routes(routes!(sessions::list::session_list))
        .routes(routes!(sessions::revoke::session_revoke))
        .routes(routes!(sessions::reauthenticate::reauthenticate))
        .routes(routes!(password::password_change))
        .routes(routes!(
            second_factor::get::totp_get,
            second_factor::enrol::totp_enrol
        ))
        .routes(routes!(second_factor::confirm::totp_confirm))
        .routes(routes!(second_factor::renew_codes::totp_renew_codes))
        .routes(routes!(second_factor::disable::totp_disable))
        .routes(routes!(
            tokens::create::token_create,
            tokens::list::token_list
        ))
        .routes(routes!(tokens::revoke::token_revoke))
}

/// What an ADMIN does.
fn admin_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(users::list::user_list))
        .routes(routes!(users::role::user_role))
        .routes(routes!(users::status::user_status))
        .routes(routes!(resets::issue::reset_issue))
        .routes(routes!(
            invitations::issue::invitation_issue,
            invitations::list::invitation_list
        ))
        .routes(routes!(invitations::revoke::invitation_revoke))
        .routes(routes!(audit::audit_list))
        .routes(routes!(schedules::schedule_list))
        .routes(routes!(conduct::reviewers::reviewer_list))
        .routes(routes!(conduct::rejections::rejection_list))
        .routes(routes!(
            promo_codes::create::promo_create,
            promo_codes::list::promo_list
        ))
        .routes(routes!(promo_codes::end::promo_end))
}

/// What a client owns: projects, their datasets, exports and crowd.
fn client_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(
            projects::create::project_create,
            projects::list::project_list
        ))
        .routes(routes!(
            projects::get::project_get,
            projects::patch::project_patch,
            projects::delete::project_delete
        ))
        .routes(routes!(projects::restore::project_restore))
        .routes(routes!(projects::answer_schema::answer_schema_get))
        .routes(routes!(projects::manifest::project_manifest))
        .routes(routes!(stats::project_stats))
        .routes(routes!(datasets::create::inbox::inbox_create))
        .routes(routes!(datasets::list::dataset_list))
        .routes(routes!(
            datasets::get::dataset_get,
            datasets::delete::dataset_delete
        ))
        .routes(routes!(datasets::restore::dataset_restore))
        .routes(routes!(datasets::preview::dataset_preview))
        .routes(routes!(datasets::manifest::dataset_manifest))
        .routes(routes!(datasets::generate::dataset_generate))
        .routes(routes!(datasets::retry::dataset_retry))
        .merge(run_routes())
        .routes(routes!(workers::list::worker_list))
        .routes(routes!(
            workers::put::worker_put,
            workers::remove::worker_remove
        ))
        .routes(routes!(workers::block::worker_block))
        .routes(routes!(workers::void::worker_void))
        .routes(routes!(skips::skip_list))
        .routes(routes!(projects::media::project_media))
        .routes(routes!(gold::list::gold_list, gold::make::gold_make))
        .routes(routes!(gold::retire::gold_retire))
        .routes(routes!(events::list::event_list))
        .routes(routes!(events::list::tenant_event_list))
        .merge(webhook_endpoints::routes())
        .merge(notification_routes())
        .routes(routes!(events::schemas::event_schemas))
        .routes(routes!(quality::read::project_quality))
        .routes(routes!(quality::workers::worker_quality))
        .routes(routes!(quality::costs::label_costs))
        .routes(routes!(quality::tasks::hardest_tasks))
        .routes(routes!(
            quality::decide::task_decide,
            quality::undecide::task_undecide
        ))
}

/// What is made of a project's tasks by runs.
fn run_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(exports::create::export_create))
        .routes(routes!(exports::list::export_list))
        .routes(routes!(exports::get::export_get))
        .routes(routes!(exports::download::export_download))
        .routes(routes!(exports::workers::export_workers))
        .routes(routes!(exports::manifest::export_manifest))
        .routes(routes!(
            models::create::model_create,
            models::list::model_list
        ))
        .routes(routes!(
            models::get::model_get,
            models::patch::model_patch,
            models::delete::model_delete
        ))
        .routes(routes!(models::manifest::model_manifest))
        .routes(routes!(
            predictions::create::prediction_create,
            predictions::list::prediction_list
        ))
        .routes(routes!(
            predictions::get::prediction_get,
            predictions::delete::prediction_delete
        ))
        .routes(routes!(predictions::items::prediction_items))
        .routes(routes!(predictions::accuracy::prediction_accuracy))
        .routes(routes!(predictions::manifest::prediction_manifest))
        .merge(items::asking())
}

/// What a person is told.
fn notification_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(notifications::list::notification_list))
        .routes(routes!(notifications::read::notification_read))
        .routes(routes!(
            notifications::settings::notification_settings,
            notifications::settings::notification_settings_put
        ))
        .routes(routes!(
            notifications::telegram::telegram_link,
            notifications::telegram::telegram_unlink
        ))
        .routes(routes!(
            notifications::unsubscribe::unsubscribe_page,
            notifications::unsubscribe::unsubscribe
        ))
}

/// What a worker does.
fn worker_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(work::list::work_list))
        .routes(routes!(work::get::work_get))
        .routes(routes!(tasks::next::task_next))
        .routes(routes!(tasks::claim::task_claim))
        .routes(routes!(tasks::lock::task_lock))
        .routes(routes!(tasks::heartbeat::task_heartbeat))
        .routes(routes!(tasks::unlock::task_unlock))
        .routes(routes!(tasks::skip::task_skip))
        .routes(routes!(tasks::submit::task_submit))
        .routes(routes!(tasks::held::task_held))
        .routes(routes!(tasks::media::task_media))
        .routes(routes!(reviews::next::review_next))
        .routes(routes!(reviews::claim::review_claim))
        .routes(routes!(reviews::approve::review_approve))
        .routes(routes!(reviews::reject::review_reject))
        .routes(routes!(reviews::undo::review_undo))
        .routes(routes!(answers::list::answer_list))
        .routes(routes!(answers::withdraw::answer_withdraw))
        .routes(routes!(points::points))
}

/// What is paid, and what Stripe tells of it.
fn payment_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(payments::checkout::payment_checkout))
        .routes(routes!(payments::list::payment_list))
        .routes(routes!(payments::get::payment_get))
        .routes(routes!(payments::ledger::project_ledger))
        .routes(routes!(webhooks::stripe_event))
}

/// Files, which have a limit of their own.
fn upload_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(datasets::create::dataset_create))
        .merge(items::sending())
        .routes(routes!(uploads::create::upload_create))
        .routes(routes!(uploads::file::upload_file))
        .merge(resumable_routes().layer(map_response(uploads::resumable::mark)))
}

/// Large files, which may arrive in several requests.
fn resumable_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(uploads::resumable::begin::upload_file_begin))
        .routes(routes!(
            uploads::resumable::offset::upload_file_offset,
            uploads::resumable::append::upload_file_append,
            uploads::resumable::remove::upload_file_remove
        ))
}

fn api() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(account_routes())
        .merge(admin_routes())
        .merge(client_routes().layer(from_fn(conditional::answer)))
        .merge(worker_routes())
        // Its answer has no end, so nothing can be said of the whole of it.
        .routes(routes!(events::stream::event_stream))
        .merge(payment_routes().layer(from_fn(conditional::answer)))
        .layer(DefaultBodyLimit::max(MAX_JSON_BYTES))
        .merge(upload_routes().layer(DefaultBodyLimit::disable()))
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
