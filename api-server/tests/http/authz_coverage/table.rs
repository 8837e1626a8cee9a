//! Which operations there are, and who is let through to each.

use std::collections::BTreeMap;

use chrono::Utc;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::PASSWORD;

/// Who is let through to an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// Whoever asks; what proves them is in the body.
    Anybody,
    /// Whoever is signed in.
    SignedIn,
    /// Whoever is signed in, and no script of theirs.
    Person,
    /// The same, with a password of the last ten minutes.
    Proven,
    Worker,
    /// A client, each for its own tenant: nothing of others is in the answer.
    Client,
    /// The client whose thing it is; for other clients it does not exist.
    Owner,
    Admin,
    /// An administrator in person, with a password of the last ten minutes.
    ProvenAdmin,
    /// The holder of the shared secret.
    Operator,
    /// A pod of the run's namespace.
    Runner,
}
use For::{
    Admin, Anybody, Client, Operator, Owner, Person, Proven, ProvenAdmin, Runner, SignedIn, Worker,
};

const ROWS: &[(&str, For)] = &[
    ("register", Anybody),
    ("login", Anybody),
    ("refresh", Anybody),
    ("logout", Anybody),
    ("reset_redeem", Anybody),
    ("me", SignedIn),
    ("session_list", Person),
    ("session_revoke", Person),
    ("password_change", Person),
    ("totp_get", Person),
    ("totp_enrol", Person),
    ("reauthenticate", Person),
    ("totp_confirm", Proven),
    ("totp_renew_codes", Person),
    ("totp_disable", Person),
    ("token_create", Proven),
    ("token_list", Person),
    ("token_revoke", Person),
    ("user_list", Admin),
    ("schedule_list", Admin),
    ("user_role", ProvenAdmin),
    ("user_status", ProvenAdmin),
    ("reset_issue", ProvenAdmin),
    ("invitation_issue", ProvenAdmin),
    ("invitation_list", Admin),
    ("invitation_revoke", Admin),
    ("audit_list", Admin),
    ("reviewer_list", Admin),
    ("rejection_list", Admin),
    ("project_create", Client),
    ("project_list", Client),
    ("project_get", Owner),
    ("project_manifest", Owner),
    ("project_patch", Owner),
    ("project_delete", Owner),
    ("project_restore", Owner),
    ("dataset_create", Owner),
    ("inbox_create", Owner),
    ("upload_create", Owner),
    ("item_create", Owner),
    ("item_upload", Client),
    ("item_get", Owner),
    ("item_status", Owner),
    ("upload_file", Owner),
    ("upload_file_begin", Owner),
    ("upload_file_offset", Owner),
    ("upload_file_append", Owner),
    ("upload_file_remove", Owner),
    ("dataset_list", Owner),
    ("dataset_get", Owner),
    ("dataset_manifest", Owner),
    ("dataset_delete", Owner),
    ("dataset_restore", Owner),
    ("dataset_generate", Owner),
    ("dataset_retry", Owner),
    ("dataset_preview", Owner),
    ("answer_schema_get", Owner),
    ("project_stats", Owner),
    ("event_list", Owner),
    ("event_stream", Owner),
    ("event_schemas", Anybody),
    ("tenant_event_list", Client),
    ("webhook_create", Client),
    ("webhook_list", Client),
    ("webhook_get", Owner),
    ("webhook_patch", Owner),
    ("webhook_delete", Owner),
    ("webhook_manifest", Owner),
    ("webhook_secret", Owner),
    ("webhook_test", Owner),
    ("delivery_list", Owner),
    ("delivery_get", Owner),
    ("delivery_resend", Owner),
    ("delivery_resend_since", Owner),
    ("notification_list", Person),
    ("notification_read", Person),
    ("notification_settings", Person),
    ("notification_settings_put", Person),
    ("telegram_link", Person),
    ("telegram_unlink", Person),
    ("unsubscribe_page", Anybody),
    ("unsubscribe", Anybody),
    ("skip_list", Owner),
    ("project_quality", Owner),
    ("worker_quality", Owner),
    ("label_costs", Owner),
    ("hardest_tasks", Owner),
    ("gold_list", Owner),
    ("gold_make", Owner),
    ("gold_retire", Owner),
    ("project_media", Owner),
    ("task_decide", Owner),
    ("task_undecide", Owner),
    ("worker_list", Owner),
    ("worker_put", Owner),
    ("worker_block", Owner),
    ("worker_void", Owner),
    ("worker_remove", Owner),
    ("work_list", Worker),
    ("work_get", Worker),
    ("task_next", Worker),
    ("task_claim", Worker),
    ("task_lock", Worker),
    ("task_heartbeat", Worker),
    ("task_unlock", Worker),
    ("task_skip", Worker),
    ("task_submit", Worker),
    ("task_held", Worker),
    ("task_media", Worker),
    ("answer_list", Worker),
    ("answer_withdraw", Worker),
    ("review_next", Worker),
    ("review_claim", Worker),
    ("review_approve", Worker),
    ("review_reject", Worker),
    ("review_undo", Worker),
    ("points", Worker),
    ("export_create", Owner),
    ("export_list", Owner),
    ("export_get", Owner),
    ("export_download", Owner),
    ("export_workers", Owner),
    ("export_manifest", Owner),
    ("model_create", Owner),
    ("model_list", Owner),
    ("model_get", Owner),
    ("model_delete", Owner),
    ("model_patch", Owner),
    ("model_manifest", Owner),
    ("prediction_create", Owner),
    ("prediction_list", Owner),
    ("prediction_get", Owner),
    ("prediction_items", Owner),
    ("prediction_accuracy", Owner),
    ("prediction_manifest", Owner),
    ("prediction_delete", Owner),
    ("payment_checkout", Client),
    ("payment_list", Client),
    ("payment_get", Owner),
    ("project_ledger", Owner),
    ("promo_create", Admin),
    ("promo_list", Admin),
    ("promo_end", Admin),
    ("stripe_event", Anybody),
    ("project_put", Operator),
    ("project_billing", Operator),
    ("dataset_put", Operator),
    ("dataset_fence", Operator),
    ("departure", Operator),
    ("dataset_status", Operator),
    ("export_put", Operator),
    ("export_status", Operator),
    ("dataset_run", Operator),
    ("task_status", Operator),
    ("model_put", Operator),
    ("model_status", Operator),
    ("model_run", Operator),
    ("prediction_put", Operator),
    ("prediction_status", Operator),
    ("prediction_run", Operator),
    ("export_run", Operator),
    ("internal:project_delete", Operator),
    ("internal:dataset_delete", Operator),
    ("internal:export_delete", Operator),
    ("internal:model_delete", Operator),
    ("internal:prediction_delete", Operator),
    ("webhook_put", Operator),
    ("internal:webhook_delete", Operator),
    ("run_open", Runner),
    ("run_heartbeat", Runner),
    ("run_source_url", Runner),
    ("run_files", Runner),
    ("run_entries", Runner),
    ("run_part", Runner),
    ("run_workers", Runner),
    ("run_model", Runner),
    ("run_items", Runner),
    ("run_predictions", Runner),
    ("run_complete", Runner),
    ("queue_open", Runner),
    ("queue_lease", Runner),
    ("queue_report", Runner),
    ("queue_return", Runner),
    ("export_answers", Runner),
    ("export_labels", Runner),
    ("chunk_load", Runner),
];

/// Bodies that reach the handler; an empty object for the others. What matters is who asks.
pub fn body_of(operation: &str) -> Value {
    match operation {
        "register" => json!({"email": "new@example.com", "username": "new", "password": PASSWORD}),
        "login" => json!({"login": "nobody", "password": PASSWORD}),
        "refresh" | "logout" => json!({"refreshToken": "unknown"}),
        "reset_redeem" => json!({"token": "unknown", "newPassword": "a new password"}),
        "password_change" => json!({"password": "guess work", "newPassword": "a new password"}),
        "totp_enrol" | "reauthenticate" => json!({"password": "guess work"}),
        "totp_confirm" => json!({"totp": "000000"}),
        "totp_disable" | "totp_renew_codes" => json!({"password": "guess work", "totp": "000000"}),
        "token_create" => json!({"name": "", "scopes": ["READ"], "expiresAt": Utc::now()}),
        "user_role" => json!({"role": "WORKER", "tenant": "refused"}),
        "user_status" => json!({"status": "ACTIVE"}),
        "invitation_issue" => json!({"role": "WORKER", "tenant": "refused"}),
        "dataset_create" => json!({"sourceUri": "s3://elsewhere/items.csv"}),
        "inbox_create" => json!({"crowd": "UNCERTAIN"}),
        "task_heartbeat" | "task_unlock" | "task_skip" => {
            json!({"leaseToken": "unknown", "reason": "x"})
        }
        "task_submit" => json!({"leaseToken": "unknown", "answer": {}}),
        "task_status" => json!({"status": "NEW"}),
        "telegram_link" => json!({"code": "wrong"}),
        "notification_read" => json!({"upTo": "the last"}),
        "notification_settings_put" => json!({"language": "none"}),
        "webhook_create" => json!({"url": "nowhere"}),
        "delivery_resend_since" => json!({"since": Utc::now()}),
        "task_decide" => json!({"value": "1"}),
        "gold_make" => json!({"taskId": 1}),
        "worker_void" => json!({"reason": "always the same option"}),
        "review_reject" => json!({"comment": "no"}),
        "export_create" => json!({"format": "CSV"}),
        "model_create" => json!({
            "sourceUri": "s3://elsewhere/m.onnx", "input": {"kind": "COLUMNS"},
            "output": {"field": "rating", "labels": ["-1", "0"]},
        }),
        "prediction_create" => json!({"modelId": Uuid::nil(), "datasetId": Uuid::nil()}),
        "run_open" => json!({"podUid": "a pod"}),
        "run_items" => json!({"epoch": 1, "after": 0}),
        "run_predictions" => json!({"epoch": 1, "items": []}),
        "run_model" => {
            json!({"epoch": 1, "sha256": "0", "sizeBytes": 1, "inputs": [], "outputs": []})
        }
        "queue_lease" => json!({"lease": Uuid::nil(), "waitSeconds": 0}),
        "queue_return" => json!({"lease": Uuid::nil()}),
        "queue_report" => json!({
            "lease": Uuid::nil(), "item": {"taskId": 1, "rowNo": 1, "label": "1", "probability": 1.0, "micros": 1},
        }),
        "run_entries" => json!({"epoch": 1, "entries": []}),
        "run_heartbeat" | "run_source_url" | "run_files" | "run_workers" => json!({"epoch": 1}),
        "run_part" => json!({"epoch": 1, "partNumber": 1}),
        "run_complete" => json!({"epoch": 1, "outcome": "Failed", "rows": 0, "rejected": 0}),
        _ => json!({}),
    }
}

/// An operation of a description.
pub struct Operation {
    pub id: String,
    pub method: Method,
    pub path: String,
    pub internal: bool,
}

pub fn operations() -> Vec<Operation> {
    let mut found = Vec::new();
    for (internal, document) in [
        (false, datacrowd_api_server::openapi()),
        (true, datacrowd_api_server::internal_openapi()),
    ] {
        let document = serde_json::to_value(document).unwrap();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                found.push(Operation {
                    id: operation["operationId"].as_str().unwrap().to_owned(),
                    method: method.to_ascii_uppercase().parse().unwrap(),
                    path: path.clone(),
                    internal,
                });
            }
        }
    }
    // What ends things comes last, so that everything else finds them.
    found.sort_by_key(|o| (o.method == Method::DELETE, o.internal, o.path.clone()));
    found
}

pub fn rows() -> BTreeMap<&'static str, For> {
    let rows: BTreeMap<_, _> = ROWS.iter().copied().collect();
    assert_eq!(rows.len(), ROWS.len(), "a row is there twice");
    rows
}

/// The row of an operation; both descriptions have some names.
pub fn row(
    rows: &BTreeMap<&'static str, For>,
    operation: &Operation,
) -> Option<(&'static str, For)> {
    let own = format!("internal:{}", operation.id);
    let named = |name: &str| rows.get_key_value(name).map(|(k, v)| (*k, *v));
    if operation.internal {
        named(&own).or_else(|| named(&operation.id))
    } else {
        named(&operation.id)
    }
}
