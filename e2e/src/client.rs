//! People and services that use the REST API, as typed as these tests need it.

mod reply;

use std::{
    sync::Mutex,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use futures::{StreamExt as _, stream};
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::{Method, StatusCode, header, redirect};
use serde_json::{Value, json};
use sha2::Sha256;

pub use self::reply::{Lease, Reply, Task};
use crate::{
    settings::Settings,
    wait::{eventually, seconds},
};

/// Longest answer to one request.
const TIMEOUT: Duration = Duration::from_mins(1);
/// People who register at once: hashing passwords is slow by design.
const AT_THE_DOOR: usize = 3;

/// Both ports of the API.
#[derive(Debug, Clone)]
pub struct Rest {
    http: reqwest::Client,
    settings: Settings,
}

impl Rest {
    /// A client that follows no redirect: where a download leads is part of what is tested.
    pub fn connect(settings: &Settings) -> Self {
        let http = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(TIMEOUT)
            .build();
        Self {
            http: http.unwrap(),
            settings: settings.clone(),
        }
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        let request = request.build().unwrap();
        let line = format!("{} {}", request.method(), request.url().path());
        let response = self
            .http
            .execute(request)
            .await
            .unwrap_or_else(|e| panic!("{line}: {e:?}"));
        let location = response.headers().get(header::LOCATION);
        let location = location.map(|v| v.to_str().unwrap().to_owned());
        let status = response.status();
        let bytes = response.bytes().await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Reply {
            request: line,
            status,
            location,
            body,
        }
    }

    /// A call without a person.
    pub async fn anonymous(&self, method: Method, path: &str, body: &Value) -> Reply {
        let url = format!("{}/api/v1{path}", self.settings.url);
        self.send(self.http.request(method, url).json(body)).await
    }

    /// A call of a trusted service.
    pub async fn internal(&self, method: Method, path: &str, body: &Value) -> Reply {
        let url = format!("{}/internal{path}", self.settings.internal_url);
        let request = self.http.request(method, url).json(body);
        let token = &self.settings.internal_token;
        self.send(request.header("X-Internal-Token", token)).await
    }

    /// Buys judgements for a project, and tells the platform what Stripe would: the money is there.
    /// Returns the project's billing once the payment has become quota.
    pub async fn pay(&self, project: &str, judgements: i64) -> Value {
        let admin = self.admin().await;
        let path = format!("/projects/{project}");
        let quota = async || {
            let billing = admin.get(&path).await.expect(200)["billing"].clone();
            (billing["taskQuota"].as_i64().unwrap(), billing)
        };
        let (before, _) = quota().await;
        let order = json!({"projectId": project, "judgements": judgements});
        let begun = admin.post("/payments/checkout", &order).await.expect(201);
        let id = begun["paymentId"].as_str().unwrap();
        let payment = admin.get(&format!("/payments/{id}")).await.expect(200);
        self.paid(&payment).await.expect(200);
        eventually("the payment becomes quota", seconds(30), || async {
            match quota().await {
                (now, billing) if now == before + judgements => Ok(billing),
                (_, billing) => Err(billing),
            }
        })
        .await
    }

    /// A signed event, as Stripe sends it when a session was paid.
    #[expect(clippy::disallowed_methods, reason = "Stripe signs with the time")]
    async fn paid(&self, payment: &Value) -> Reply {
        let session = payment["stripeSessionId"].as_str().unwrap();
        let object = json!({
            "id": session, "object": "checkout.session", "amount_total": payment["amountCents"], "payment_status": "paid",
            "currency": payment["currency"].as_str().unwrap().to_lowercase(), "payment_intent": format!("pi_of_{session}"),
            "metadata": {"paymentId": payment["id"]},
        });
        let body = json!({
            "id": format!("evt_of_{session}"), "object": "event", "livemode": false, "type": "checkout.session.completed",
            "data": {"object": object},
        })
        .to_string();
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let mac = Hmac::<Sha256>::new_from_slice(self.settings.stripe_webhook_secret.as_bytes())
            .unwrap()
            .chain_update(format!("{now}.{body}"));
        let signature = format!("t={now},v1={}", hex::encode(mac.finalize().into_bytes()));
        let url = format!("{}/webhooks/stripe", self.settings.url);
        let request = self.http.post(url).header("Stripe-Signature", signature);
        self.send(request.body(body)).await
    }

    /// The bytes behind a presigned address.
    pub async fn fetch(&self, url: &str) -> Vec<u8> {
        let response = self.http.get(url).send().await.unwrap();
        let response = response.error_for_status().unwrap();
        response.bytes().await.unwrap().to_vec()
    }

    /// Registers a person, who is a WORKER then, and signs in.
    pub async fn register(&self, username: &str) -> Person {
        let password = format!("{username}, but longer");
        let body = json!({"username": username, "password": password, "email": format!("{username}@example.com")});
        let registered = eventually("a place to register", seconds(60), || async {
            let reply = self.anonymous(Method::POST, "/auth/register", &body).await;
            match reply.status {
                StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => Err(reply),
                _ => Ok(reply),
            }
        });
        let user = registered.await.expect(201);
        assert_eq!(user["role"], "WORKER");
        self.sign_in(username, &password).await
    }

    /// Registers `count` workers.
    pub async fn crowd(&self, name: &str, count: usize) -> Vec<Person> {
        let names = (0..count).map(|k| format!("{name}-{k:02}"));
        stream::iter(names)
            .map(|name| async move { self.register(&name).await })
            .buffered(AT_THE_DOOR)
            .collect()
            .await
    }

    /// The first ADMIN.
    pub async fn admin(&self) -> Person {
        let Settings {
            admin_username,
            admin_password,
            ..
        } = &self.settings;
        self.sign_in(admin_username, admin_password).await
    }

    async fn sign_in(&self, username: &str, password: &str) -> Person {
        let person = Person {
            rest: self.clone(),
            id: String::new(),
            username: username.to_owned(),
            password: password.to_owned(),
            token: Mutex::default(),
        };
        person.renew().await;
        let me = person.get("/me").await.expect(200);
        Person {
            id: me["id"].as_str().unwrap().to_owned(),
            ..person
        }
    }
}

/// Somebody who is signed in.
#[derive(Debug)]
pub struct Person {
    rest: Rest,
    /// The user's id.
    pub id: String,
    /// The user's name.
    pub username: String,
    password: String,
    token: Mutex<String>,
}

impl Person {
    async fn renew(&self) {
        let body = json!({"login": self.username, "password": self.password});
        let signed_in = eventually("a place to sign in", seconds(60), || async {
            let reply = self
                .rest
                .anonymous(Method::POST, "/auth/login", &body)
                .await;
            match reply.status {
                StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => Err(reply),
                _ => Ok(reply),
            }
        });
        let tokens = signed_in.await.expect(200);
        let token = tokens["accessToken"].as_str().unwrap();
        token.clone_into(&mut self.token.lock().unwrap());
    }

    async fn call(
        &self,
        make: impl Fn(&reqwest::Client, &str) -> reqwest::RequestBuilder,
    ) -> Reply {
        let base = format!("{}/api/v1", self.rest.settings.url);
        let request = || {
            let token = self.token.lock().unwrap().clone();
            make(&self.rest.http, &base).bearer_auth(token)
        };
        let reply = self.rest.send(request()).await;
        if reply.status != StatusCode::UNAUTHORIZED {
            return reply;
        }
        // Access tokens last fifteen minutes; the long proofs last longer.
        self.renew().await;
        self.rest.send(request()).await
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Reply {
        self.call(|http, base| http.get(format!("{base}{path}")))
            .await
    }

    /// POST of a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.call(|http, base| http.post(format!("{base}{path}")).json(body))
            .await
    }

    /// PUT of bytes.
    pub async fn put(&self, path: &str, bytes: &[u8]) -> Reply {
        self.call(|http, base| http.put(format!("{base}{path}")).body(bytes.to_vec()))
            .await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Reply {
        self.call(|http, base| http.delete(format!("{base}{path}")))
            .await
    }

    /// PATCH with a JSON body.
    pub async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.call(|http, base| http.patch(format!("{base}{path}")).json(body))
            .await
    }

    /// Uploads a file as form data.
    pub async fn upload(
        &self,
        path: &str,
        file_name: &str,
        content: &str,
        batch_size: i32,
    ) -> Reply {
        let edge = "an-edge-that-no-review-contains";
        let form = format!(
            "--{edge}\r\nContent-Disposition: form-data; name=\"batchSize\"\r\n\r\n{batch_size}\r\n\
             --{edge}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\nContent-Type: text/csv\r\n\r\n{content}\r\n\
             --{edge}--\r\n"
        );
        self.call(|http, base| {
            http.post(format!("{base}{path}"))
                .header(
                    header::CONTENT_TYPE,
                    format!("multipart/form-data; boundary={edge}"),
                )
                .body(form.clone())
        })
        .await
    }

    /// Sends bytes as the only file of a form.
    pub async fn send_file(&self, path: &str, file_name: &str, bytes: &[u8]) -> Reply {
        let edge = "an-edge-that-no-recording-contains";
        let head = format!(
            "--{edge}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\n\r\n"
        );
        let tail = format!("\r\n--{edge}--\r\n");
        let form = [head.as_bytes(), bytes, tail.as_bytes()].concat();
        self.call(|http, base| {
            http.post(format!("{base}{path}"))
                .header(
                    header::CONTENT_TYPE,
                    format!("multipart/form-data; boundary={edge}"),
                )
                .body(form.clone())
        })
        .await
    }

    /// Claims up to `count` tasks of a project.
    ///
    /// # Errors
    /// The refusal, `no_task_available` most often.
    pub async fn claim(&self, project: &str, count: usize) -> Result<Vec<Task>, Reply> {
        let body = json!({"projectId": project, "count": count});
        let reply = self.post("/tasks/claim", &body).await;
        if reply.status == StatusCode::OK {
            Ok(serde_json::from_value(reply.body["tasks"].clone()).unwrap())
        } else {
            Err(reply)
        }
    }

    /// Answers a task with a rating.
    pub async fn rate(&self, task: &Task, rating: i32) -> Reply {
        self.submit(task.id, task.token(), rating).await
    }

    /// Answers a task with a rating, under this token.
    pub async fn submit(&self, task: i64, token: &str, rating: i32) -> Reply {
        let body = json!({"leaseToken": token, "answer": {"rating": rating.to_string()}, "activeMillis": 1200});
        self.post(&format!("/tasks/{task}/submit"), &body).await
    }
}
