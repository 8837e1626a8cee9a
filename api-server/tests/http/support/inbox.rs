//! Inboxes, and what their clients and predictors send.

use datacrowd_labelling::BillingMode;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Actor, Answer, Platform, answer};

/// The first bytes of a recording, with these behind them.
pub fn wav(rest: &[u8]) -> Vec<u8> {
    [b"RIFF\x24\0\0\0WAVEfmt ".as_slice(), rest].concat()
}

/// A part of a form: its name, that of its file, and what it holds.
pub type Field<'a> = (&'a str, Option<&'a str>, &'a [u8]);

/// Parts of a form, in this order.
pub fn form(parts: &[Field<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, bytes) in parts {
        let file = file.map_or(String::new(), |file| format!("; filename=\"{file}\""));
        let head = format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--b--\r\n");
    body
}

impl Platform {
    /// What the operator sends of a Dataset of the project that is an inbox.
    pub async fn inbox_resource(&self, project: &str, name: &str) -> Value {
        let (namespace, tenant, project): (String, String, String) = sqlx::query_as(
            "select p.namespace, t.name, p.name from projects p join tenants t on t.id = p.tenant_id where p.id = $1::uuid",
        )
        .bind(project)
        .fetch_one(&self.rows)
        .await
        .unwrap();
        json!({
            "namespace": namespace, "tenant": tenant, "name": name, "uid": Uuid::new_v4(), "generation": 1,
            "spec": {"projectRef": {"name": project}, "source": {"format": "Inbox"}},
        })
    }

    /// An inbox of the project.
    pub async fn inbox(&self, project: &str) -> String {
        self.inbox_with(project, Value::Null).await
    }

    /// An inbox of the project, with this said of its people.
    pub async fn inbox_with(&self, project: &str, people: Value) -> String {
        let name = format!("inbox-{}", &Uuid::new_v4().simple().to_string()[..8]);
        let mut resource = self.inbox_resource(project, &name).await;
        if !people.is_null() {
            resource["spec"]["source"]["inbox"] = people;
        }
        let view = self
            .trusted(Method::PUT, "/internal/datasets", Some(resource))
            .await
            .expect(200);
        view["id"].as_str().unwrap().to_owned()
    }

    /// A model that a pod has looked at, and that is kept loaded.
    pub async fn warm_model(&self, client: &Actor, project: &str) -> String {
        let audio = json!({
            "kind": "AUDIO", "column": "file",
            "audio": {"sampleRateHz": 8000, "windowMillis": 2000, "hopMillis": 1000, "features": "WAVEFORM"},
        });
        let members = json!({"input": audio, "replicas": 1});
        self.checked_model(client, project, members).await
    }

    /// Sends a form to this path, under this `Idempotency-Key`.
    pub async fn send_form(
        &self,
        client: &Actor,
        path: &str,
        body: Vec<u8>,
        key: Option<&str>,
    ) -> Answer {
        let mut request = self
            .http
            .post(format!("{}{path}", self.url))
            .bearer_auth(&client.token)
            .header("content-type", "multipart/form-data; boundary=b")
            .body(body);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        answer(request).await
    }

    /// Sends a recording to the only inbox of the project.
    pub async fn send_item(&self, client: &Actor, project: &str, bytes: &[u8]) -> Answer {
        let body = form(&[("file", Some("call.wav"), bytes)]);
        let path = format!("/projects/{project}/items");
        self.send_form(client, &path, body, None).await
    }

    /// As a predictor of the model.
    pub async fn queue(&self, token: &str, model: &str, what: &str, body: Value) -> Answer {
        let path = format!("/internal/models/{model}/queue/{what}");
        self.runner(token, &path, body).await
    }
}

/// A project with an inbox and a model that is kept loaded.
pub struct InboxSetting {
    pub p: Platform,
    pub client: Actor,
    pub project: String,
    pub inbox: String,
    pub model: String,
    /// Of a pod in the client's namespace.
    pub pod: String,
}

/// A project with an inbox and a model that is kept loaded.
pub async fn inbox_setting() -> InboxSetting {
    inbox_setting_with(json!({}), Value::Null).await
}

/// The same, with these members of its form, and with this said of the inbox's people.
pub async fn inbox_setting_with(form: Value, people: Value) -> InboxSetting {
    let p = Platform::with_billing(BillingMode::Manual).await;
    let client = p.client("clara").await;
    let project = p.project(&client, form).await;
    let inbox = p.inbox_with(&project, people).await;
    let model = p.warm_model(&client, &project).await;
    let pod = p.runner_token(&client.namespace).await;
    InboxSetting {
        p,
        client,
        project,
        inbox,
        model,
        pod,
    }
}

impl InboxSetting {
    /// Sends a recording; what is answered.
    pub async fn send(&self, bytes: &[u8]) -> Value {
        let sent = self.p.send_item(&self.client, &self.project, bytes).await;
        sent.expect(202)
    }

    /// The item as its client sees it.
    pub async fn seen(&self, item: &Value) -> Value {
        let path = format!("/items/{}", item["itemId"].as_str().unwrap());
        let token = Some(self.client.token.as_str());
        self.p
            .call(token, Method::GET, &path, None)
            .await
            .expect(200)
    }

    /// Leases an item as a predictor.
    pub async fn lease(&self, lease: Uuid, wait: u64) -> Value {
        let body = json!({"lease": lease, "waitSeconds": wait});
        let leased = self.p.queue(&self.pod, &self.model, "lease", body).await;
        leased.expect(200)["item"].clone()
    }

    /// Reports a word of 0.75 for an item.
    pub async fn report(&self, lease: Uuid, item: &Value) -> Answer {
        self.report_as(lease, said(item)).await
    }

    /// Reports what came of an item.
    pub async fn report_as(&self, lease: Uuid, item: Value) -> Answer {
        let body = json!({"lease": lease, "item": item});
        self.p.queue(&self.pod, &self.model, "report", body).await
    }
}

/// What a model says of an item that it leased.
pub fn said(item: &Value) -> Value {
    json!({
        "taskId": item["taskId"], "rowNo": item["rowNo"], "label": "1", "probability": 0.75,
        "probabilities": {"-1": 0.05, "0": 0.2, "1": 0.75}, "micros": 41_500,
    })
}

/// What a model says of an item that it leased, as sure as this.
pub fn said_at(item: &Value, probability: f64) -> Value {
    let mut said = said(item);
    said["probability"] = json!(probability);
    said["probabilities"] = json!({"0": 1.0 - probability, "1": probability});
    said
}

/// What is said of an item that could not be read.
pub fn unreadable(item: &Value) -> Value {
    json!({
        "taskId": item["taskId"], "rowNo": item["rowNo"], "micros": 41_500,
        "failure": {"reason": "Undecodable", "message": "Convert it anew."},
    })
}
