//! A platform with one thing of each kind, and everybody who may ask for it.

use chrono::{TimeDelta, Utc};
use datacrowd_accounts::Origin;
use datacrowd_labelling::BillingMode;
use datacrowd_testkit::TestDatabase;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use super::table::{Operation, body_of};
use crate::{
    resumable::begin,
    support::{Answer, PASSWORD, Platform, accounts_over, answer, wav},
};

/// The cast: everybody with a token, and the things of one tenant.
pub struct World {
    pub p: Platform,
    pub worker: String,
    pub client: String,
    pub other_client: String,
    pub admin: String,
    /// An ADMIN who signed in too long ago for what needs a fresh password.
    pub stale: String,
    pub disabled: String,
    pub expired: String,
    pub read_token: String,
    pub user: String,
    pub project: String,
    pub dataset: String,
    /// The dataset's task.
    pub task: String,
    pub export: String,
    pub model: String,
    pub prediction: String,
    pub item: String,
    pub upload: String,
    pub upload_file: String,
    pub payment: String,
    pub hook: String,
    pub delivery: String,
    pub run: String,
    pub runner: String,
    /// What the tenant knows the worker by.
    pub pseudonym: String,
    pub other_runner: String,
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
        let task: i64 = sqlx::query_scalar("select id from tasks")
            .fetch_one(&p.rows)
            .await
            .unwrap();
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
        let model = p.warm_model(&clara, &project).await;
        p.inbox(&project).await;
        let item = p.send_item(&clara, &project, &wav(b"hello")).await;
        let item = item.expect(202)["itemId"].as_str().unwrap().to_owned();
        let prediction = p.prediction(&clara, &project, &model, &dataset).await;
        let path = format!("/projects/{project}/uploads");
        let upload = p.call(Some(&clara.token), Method::POST, &path, None).await;
        let upload = upload.expect(201)["id"].as_str().unwrap().to_owned();
        let upload_file = begin(&p, &clara, &upload, "large.csv", 3).await;
        let (_, upload_file) = upload_file.rsplit_once('/').unwrap();
        let upload_file = upload_file.to_owned();
        let payment = bought(&p, &project).await;
        let hook = p.hook(&clara, "https://example.com/", &[]).await;
        let path = format!("/{hook}/test");
        let sent = p.hooks(&clara, Method::POST, &path, None).await.expect(202);
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
            task: task.to_string(),
            export,
            model,
            prediction,
            item,
            upload,
            upload_file,
            payment,
            hook,
            delivery: sent["id"].to_string(),
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
            Some("items") => &self.item,
            Some("uploads") => &self.upload,
            Some("payments") => &self.payment,
            Some("webhook-endpoints") => &self.hook,
            Some("runs") => &self.run,
            Some("users") => &self.user,
            Some("tasks") => &self.task,
            Some("reviews" | "answers") => "1",
            _ => "00000000-0000-0000-0000-000000000000",
        };
        let path = path
            .replace("{id}", id)
            .replace("{answerId}", id)
            .replace("{taskId}", &self.task)
            .replace("{fileId}", &self.upload_file)
            .replace("{itemId}", "1")
            .replace("{deliveryId}", &self.delivery)
            .replace("{worker}", &self.pseudonym)
            .replace("{column}", "text");
        match operation.id.as_str() {
            "item_status" => format!("{path}?id={}", self.item),
            "upload_file" => format!("{path}?name=a.wav"),
            "export_answers" | "export_labels" => format!("{path}?runId={}&epoch=1", self.run),
            _ if operation.internal && operation.method == Method::DELETE => {
                format!("{path}?uid={}&policy=Retain", Uuid::nil())
            }
            _ => path,
        }
    }

    pub async fn ask(&self, operation: &Operation, header: Option<(&str, &str)>) -> Answer {
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
        if ![Method::GET, Method::HEAD, Method::DELETE].contains(&operation.method) {
            let mut body = body_of(&operation.id);
            if operation.id == "gold_make" {
                body = json!({"taskId": self.task.parse::<i64>().unwrap()});
            }
            if operation.id == "prediction_create" {
                body = json!({"modelId": self.model, "datasetId": self.dataset});
            }
            request = request.json(&body);
        }
        answer(request).await
    }

    pub async fn with_token(&self, operation: &Operation, token: &str) -> Answer {
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
