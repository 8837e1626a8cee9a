//! Every operation of both descriptions, asked by everybody who may not and by everybody who may. An
//! operation without a row here fails, and so does a row without an operation.

use std::collections::BTreeMap;

use chrono::{TimeDelta, Utc};
use datacrowd_accounts::Origin;
use datacrowd_labelling::BillingMode;
use datacrowd_testkit::TestDatabase;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Answer, INTERNAL_TOKEN, PASSWORD, Platform, accounts_over, answer};

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
    ("upload_create", Owner),
    ("upload_file", Owner),
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
    ("skip_list", Owner),
    ("project_quality", Owner),
    ("worker_quality", Owner),
    ("hardest_tasks", Owner),
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
    ("model_manifest", Owner),
    ("prediction_create", Owner),
    ("prediction_list", Owner),
    ("prediction_get", Owner),
    ("prediction_items", Owner),
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
        "task_heartbeat" | "task_unlock" | "task_skip" => {
            json!({"leaseToken": "unknown", "reason": "x"})
        }
        "task_submit" => json!({"leaseToken": "unknown", "answer": {}}),
        "task_status" => json!({"status": "NEW"}),
        "task_decide" => json!({"value": "1"}),
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
    found.sort_by_key(|o| (o.internal, o.method == Method::DELETE, o.path.clone()));
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

#[test]
fn every_operation_has_a_row_and_every_row_an_operation() {
    let rows = rows();
    let (mut missing, mut used) = (Vec::new(), Vec::new());
    for operation in operations() {
        match row(&rows, &operation) {
            Some((name, who)) if operation.internal == matches!(who, Operator | Runner) => {
                used.push(name);
            }
            _ => missing.push(format!("{} {}", operation.method, operation.path)),
        }
    }
    assert!(missing.is_empty(), "say who may call: {missing:#?}");
    let stale: Vec<_> = rows.keys().filter(|name| !used.contains(name)).collect();
    assert!(stale.is_empty(), "no operation is called {stale:?}");
}

/// The cast: everybody with a token, and the things of one tenant.
pub struct World {
    pub p: Platform,
    pub worker: String,
    pub client: String,
    other_client: String,
    pub admin: String,
    /// An ADMIN who signed in too long ago for what needs a fresh password.
    stale: String,
    disabled: String,
    expired: String,
    read_token: String,
    pub user: String,
    project: String,
    dataset: String,
    export: String,
    model: String,
    prediction: String,
    upload: String,
    payment: String,
    pub run: String,
    pub runner: String,
    /// What the tenant knows the worker by.
    pseudonym: String,
    other_runner: String,
}

/// A purchase for the project, as its row: nothing is sold while billing is disabled.
async fn bought(p: &Platform, project: &str) -> String {
    let tenant: Uuid = sqlx::query_scalar("select tenant_id from projects where id = $1::uuid")
        .bind(project)
        .fetch_one(&p.rows)
        .await
        .unwrap();
    let payment = Uuid::now_v7();
    sqlx::query(
        "insert into payments (id, tenant_id, project_id, user_id, judgements, list_cents, amount_cents, currency,
                               livemode, request, stripe_idempotency_key, created_at, updated_at)
         values ($1, $2, $3::uuid, $1, 1, 50, 50, 'EUR', false, 'one', 'one', now(), now())",
    )
    .bind(payment)
    .bind(tenant)
    .bind(project)
    .execute(&p.money)
    .await
    .unwrap();
    payment.to_string()
}

impl World {
    pub async fn new() -> Self {
        let p = Platform::with_billing(BillingMode::Disabled).await;
        let (clara, carl) = (p.client("clara").await, p.client("carl").await);
        let project = p.project(&clara, json!({})).await;
        let dataset = p.loaded(&clara, &project, 1, 1).await;
        let export = p
            .call(
                Some(&clara.token),
                Method::POST,
                &format!("/projects/{project}/export"),
                Some(json!({"format": "CSV"})),
            )
            .await
            .expect(202)["exportId"]
            .as_str()
            .unwrap()
            .to_owned();
        let run: Uuid = sqlx::query_scalar("select id from runs")
            .fetch_one(&p.rows)
            .await
            .unwrap();
        let model = p.model(&clara, &project, json!({})).await.expect(202);
        let model = model["id"].as_str().unwrap().to_owned();
        let prediction = p.prediction(&clara, &project, &model, &dataset).await;
        let path = format!("/projects/{project}/uploads");
        let upload = p.call(Some(&clara.token), Method::POST, &path, None).await;
        let upload = upload.expect(201)["id"].as_str().unwrap().to_owned();
        let payment = bought(&p, &project).await;
        let (user, worker) = p.register("wanda").await;
        let pseudonym = p.known_as(&clara, &project, &user).await;
        let (gone, disabled) = p.register("gone").await;
        let admin = p.login("admin").await;
        let path = format!("/admin/users/{gone}/status");
        p.call(
            Some(&admin),
            Method::PATCH,
            &path,
            Some(json!({"status": "DISABLED"})),
        )
        .await
        .expect(200);
        let expires = Utc::now() + TimeDelta::days(1);
        let read = json!({"name": "reads", "scopes": ["READ"], "expiresAt": expires});
        let read_token = p
            .call(Some(&worker), Method::POST, "/me/tokens", Some(read))
            .await
            .expect(201)["token"]
            .as_str()
            .unwrap()
            .to_owned();
        let expired = expired_token(&p.auth).await;
        let stale = stale_token(&p).await;
        let runner = p.runner_token(&clara.namespace).await;
        let other_runner = p.runner_token(&carl.namespace).await;
        Self {
            worker,
            client: clara.token,
            other_client: carl.token,
            admin,
            stale,
            disabled,
            expired,
            read_token,
            user,
            project,
            dataset,
            export,
            model,
            prediction,
            upload,
            payment,
            run: run.to_string(),
            runner,
            pseudonym,
            other_runner,
            p,
        }
    }

    pub fn path(&self, operation: &Operation) -> String {
        self.filled(operation, &operation.path)
    }

    /// A path of the operation with everything of ours in it that it does not name otherwise.
    pub fn filled(&self, operation: &Operation, path: &str) -> String {
        let id = match operation
            .path
            .split('/')
            .find(|s| !["", "internal", "admin", "work", "me"].contains(s))
        {
            Some("projects") => &self.project,
            Some("datasets") => &self.dataset,
            Some("exports") => &self.export,
            Some("models") => &self.model,
            Some("predictions") => &self.prediction,
            Some("uploads") => &self.upload,
            Some("payments") => &self.payment,
            Some("runs") => &self.run,
            Some("users") => &self.user,
            Some("tasks" | "reviews" | "answers") => "1",
            _ => "00000000-0000-0000-0000-000000000000",
        };
        let path = path
            .replace("{id}", id)
            .replace("{answerId}", id)
            .replace("{taskId}", "1")
            .replace("{worker}", &self.pseudonym)
            .replace("{column}", "text");
        match operation.id.as_str() {
            "upload_file" => format!("{path}?name=a.wav"),
            "export_answers" | "export_labels" => format!("{path}?runId={}&epoch=1", self.run),
            _ if operation.internal && operation.method == Method::DELETE => {
                format!("{path}?uid={}&policy=Retain", Uuid::nil())
            }
            _ => path,
        }
    }

    async fn ask(&self, operation: &Operation, header: Option<(&str, &str)>) -> Answer {
        let server = if operation.internal {
            &self.p.internal
        } else {
            &self.p.url
        };
        let url = format!("{server}{}", self.path(operation));
        let mut request = self.p.http.request(operation.method.clone(), url);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        if operation.id == "chunk_load" {
            request = request.header("x-run-id", &self.run).header("x-epoch", 1);
        }
        if operation.method != Method::GET && operation.method != Method::DELETE {
            let mut body = body_of(&operation.id);
            if operation.id == "prediction_create" {
                body = json!({"modelId": self.model, "datasetId": self.dataset});
            }
            request = request.json(&body);
        }
        answer(request).await
    }

    async fn with_token(&self, operation: &Operation, token: &str) -> Answer {
        self.ask(
            operation,
            Some(("authorization", &format!("Bearer {token}"))),
        )
        .await
    }
}

/// A token of a session that is alive, issued an hour ago.
async fn expired_token(auth: &TestDatabase) -> String {
    let past = Utc::now() - TimeDelta::hours(1);
    let tokens = accounts_over(auth)
        .login("wanda", PASSWORD, None, &Origin::default(), past)
        .await;
    tokens.unwrap().access_token
}

/// A token of an administrator's session that was begun eleven minutes ago.
async fn stale_token(p: &Platform) -> String {
    let past = Utc::now() - TimeDelta::minutes(11);
    let tokens = accounts_over(&p.auth)
        .login("admin", PASSWORD, None, &Origin::default(), past)
        .await;
    tokens.unwrap().access_token
}

/// What is told to who is not let through.
const REFUSALS: [&str; 15] = [
    "unauthenticated",
    "invalid_token",
    "token_expired",
    "session_over",
    "user_disabled",
    "forbidden",
    "insufficient_scope",
    "session_required",
    "reauthentication_required",
    "internal_token_missing",
    "internal_token_wrong",
    "runner_token_missing",
    "runner_token_wrong",
    "no_route",
    "method_not_allowed",
];

fn code(answer: &Answer) -> (u16, &str) {
    let code = answer.body["code"].as_str().unwrap_or_default();
    (answer.status.as_u16(), code)
}

/// Collects what is not as it ought to be, so that one run shows all of it.
struct Verdicts(Vec<String>);

impl Verdicts {
    fn refused(
        &mut self,
        operation: &Operation,
        who: &str,
        answer: &Answer,
        expected: (u16, &str),
    ) {
        if code(answer) != expected {
            self.0.push(format!(
                "{} {} as {who}: {:?} instead of {expected:?}",
                operation.method,
                operation.path,
                code(answer)
            ));
        }
    }

    fn admitted(&mut self, operation: &Operation, who: &str, answer: &Answer) {
        let (status, code) = code(answer);
        // What is the caller's own exists for it, whatever else is wrong.
        let hidden = code == "not_found" && ["its owner", "its pod"].contains(&who);
        if REFUSALS.contains(&code) || hidden || status >= 500 {
            self.0.push(format!(
                "{} {} as {who}: {status} {code}",
                operation.method, operation.path
            ));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn authz_coverage() {
    let world = World::new().await;
    let rows = rows();
    let mut verdicts = Verdicts(Vec::new());
    for operation in operations() {
        let Some((_, who)) = row(&rows, &operation) else {
            continue; // the test above names it
        };
        match who {
            Operator => operator(&world, &operation, &mut verdicts).await,
            Runner => runner(&world, &operation, &mut verdicts).await,
            _ => public(&world, &operation, who, &mut verdicts).await,
        }
    }
    assert!(verdicts.0.is_empty(), "{:#?}", verdicts.0);
}

async fn public(world: &World, operation: &Operation, who: For, verdicts: &mut Verdicts) {
    let nobody = world.ask(operation, None).await;
    if who == Anybody {
        verdicts.admitted(operation, "nobody", &nobody);
        return;
    }
    verdicts.refused(operation, "nobody", &nobody, (401, "unauthenticated"));
    for (name, token, code) in [
        ("a forger", "nonsense", "invalid_token"),
        (
            "the holder of an expired token",
            world.expired.as_str(),
            "token_expired",
        ),
        ("a disabled user", world.disabled.as_str(), "user_disabled"),
    ] {
        let answer = world.with_token(operation, token).await;
        verdicts.refused(operation, name, &answer, (401, code));
    }
    let roles = [
        (
            "worker",
            &world.worker,
            matches!(who, Worker | SignedIn | Person | Proven),
        ),
        (
            "another tenant",
            &world.other_client,
            matches!(who, Client | Owner | SignedIn | Person | Proven),
        ),
        (
            "owner",
            &world.client,
            matches!(who, Client | Owner | SignedIn | Person | Proven),
        ),
        (
            "admin",
            &world.admin,
            matches!(
                who,
                Admin | ProvenAdmin | Client | Owner | SignedIn | Person | Proven
            ),
        ),
    ];
    for (name, token, is_admitted) in roles {
        // Ending a thing must not keep the next one from being asked about it.
        if is_admitted && name == "admin" && operation.method == Method::DELETE && who == Owner {
            continue;
        }
        let answer = world.with_token(operation, token).await;
        if !is_admitted {
            verdicts.refused(operation, name, &answer, (403, "forbidden"));
        } else if name == "another tenant" && who == Owner {
            verdicts.refused(operation, name, &answer, (404, "not_found"));
        } else {
            let is_its = name == "owner" && who == Owner;
            verdicts.admitted(operation, if is_its { "its owner" } else { name }, &answer);
        }
        if name == "another tenant"
            && who == Client
            && answer.body.to_string().contains(&world.project)
        {
            verdicts
                .0
                .push(format!("{} shows another tenant's project", operation.path));
        }
    }
    script(world, operation, who, verdicts).await;
    let answer = world.with_token(operation, &world.stale).await;
    match who {
        Proven | ProvenAdmin => {
            let refused = (403, "reauthentication_required");
            verdicts.refused(operation, "who signed in long ago", &answer, refused);
        }
        Admin | SignedIn | Person => {
            verdicts.admitted(operation, "who signed in long ago", &answer)
        }
        _ => {}
    }
}

/// A script of the worker's, whose token may change nothing.
async fn script(world: &World, operation: &Operation, who: For, verdicts: &mut Verdicts) {
    let answer = world.with_token(operation, &world.read_token).await;
    match who {
        Person | Proven | ProvenAdmin => {
            verdicts.refused(operation, "a script", &answer, (403, "session_required"));
        }
        // A look that holds what it shows is no mere look.
        _ if operation.method != Method::GET || operation.id == "review_next" => {
            verdicts.refused(operation, "a script", &answer, (403, "insufficient_scope"));
        }
        Worker | SignedIn => verdicts.admitted(operation, "a script", &answer),
        _ => verdicts.refused(operation, "a script", &answer, (403, "forbidden")),
    }
}

async fn operator(world: &World, operation: &Operation, verdicts: &mut Verdicts) {
    let name = "x-internal-token";
    let missing = world.ask(operation, None).await;
    verdicts.refused(
        operation,
        "nobody",
        &missing,
        (401, "internal_token_missing"),
    );
    let wrong = world.ask(operation, Some((name, "wrong"))).await;
    verdicts.refused(
        operation,
        "a guesser",
        &wrong,
        (403, "internal_token_wrong"),
    );
    for (who, token) in [("a user", &world.admin), ("a pod", &world.runner)] {
        let answer = world.with_token(operation, token).await;
        verdicts.refused(operation, who, &answer, (401, "internal_token_missing"));
    }
    let right = world.ask(operation, Some((name, INTERNAL_TOKEN))).await;
    verdicts.admitted(operation, "the operator", &right);
}

async fn runner(world: &World, operation: &Operation, verdicts: &mut Verdicts) {
    let missing = world.ask(operation, None).await;
    verdicts.refused(operation, "nobody", &missing, (401, "runner_token_missing"));
    let trusted = world
        .ask(operation, Some(("x-internal-token", INTERNAL_TOKEN)))
        .await;
    verdicts.refused(
        operation,
        "the operator",
        &trusted,
        (401, "runner_token_missing"),
    );
    for (who, token) in [("a forger", "nonsense"), ("a user", world.admin.as_str())] {
        let answer = world.with_token(operation, token).await;
        verdicts.refused(operation, who, &answer, (401, "runner_token_wrong"));
    }
    let own = world.with_token(operation, &world.runner).await;
    // The run is of a dataset: as an export's, a model's or a prediction's it does not exist.
    let is_others = [
        "export_answers",
        "export_labels",
        "run_part",
        "run_workers",
        "run_model",
        "run_items",
        "run_predictions",
    ]
    .contains(&operation.id.as_str());
    verdicts.admitted(operation, if is_others { "a pod" } else { "its pod" }, &own);
    let other = world.with_token(operation, &world.other_runner).await;
    verdicts.refused(
        operation,
        "another tenant's pod",
        &other,
        (404, "not_found"),
    );
}
