//! A receiver of webhooks on loopback, and a client who has an endpoint there.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use datacrowd_api_server::dispatch::{attempt::Sender, deliver::Deliverer, egress::Egress};
use reqwest::Method;
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use tokio::net::TcpListener;

use crate::support::{Actor, Answer, Platform};

/// How a receiver answers.
#[derive(Debug, Clone)]
pub enum Says {
    Status(u16),
    With(u16, &'static str, String),
    /// Nothing for so long, then 204.
    After(Duration),
    /// So many bytes.
    Much(usize),
}

#[derive(Debug, Clone)]
pub struct Heard {
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Heard {
    pub fn event(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn id(&self) -> String {
        self.headers["webhook-id"].to_str().unwrap().to_owned()
    }

    /// Whether the official library says that it is from us.
    pub fn is_signed_by(&self, secret: &str) -> bool {
        let webhook = Webhook::new(secret).unwrap();
        webhook.verify(&self.body, &self.headers).is_ok()
    }
}

#[derive(Clone)]
pub struct Sink {
    pub url: String,
    says: Arc<Mutex<Says>>,
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl Sink {
    pub async fn start(says: Says) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sink = Self {
            url: format!("http://{}/hook", listener.local_addr().unwrap()),
            says: Arc::new(Mutex::new(says)),
            heard: Arc::default(),
        };
        let router = Router::new().fallback(hear).with_state(sink.clone());
        tokio::spawn(async { axum::serve(listener, router).await });
        sink
    }

    pub fn says(&self, says: Says) {
        *self.says.lock().unwrap() = says;
    }

    pub fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }
}

async fn hear(State(sink): State<Sink>, headers: HeaderMap, body: Bytes) -> Response {
    let says = sink.says.lock().unwrap().clone();
    let body = body.to_vec();
    sink.heard.lock().unwrap().push(Heard { headers, body });
    let status = |code| StatusCode::from_u16(code).unwrap();
    match says {
        Says::Status(code) => status(code).into_response(),
        Says::With(code, name, value) => (status(code), [(name, value)]).into_response(),
        Says::After(time) => {
            tokio::time::sleep(time).await;
            StatusCode::NO_CONTENT.into_response()
        }
        Says::Much(bytes) => Body::from(vec![b'x'; bytes]).into_response(),
    }
}

/// What reaches loopback, and nothing else inside.
pub fn sender() -> Sender {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Sender::new(Egress::new(&["127.0.0.1/32".parse().unwrap()])).unwrap()
}

impl Platform {
    pub fn deliverer(&self, clock: fn() -> DateTime<Utc>) -> Deliverer {
        Deliverer::new(self.notifications.clone(), sender(), clock)
    }

    /// Relays, and delivers what is due until nothing is.
    pub async fn dispatch(&self) {
        self.dispatch_at(Utc::now).await;
    }

    pub async fn dispatch_at(&self, clock: fn() -> DateTime<Utc>) {
        self.relay().await;
        let mut deliverer = self.deliverer(clock);
        while deliverer.pass().await.unwrap() > 0 {
            deliverer.drain().await;
        }
    }

    pub async fn hooks(
        &self,
        client: &Actor,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        let path = format!("/webhook-endpoints{path}");
        self.call(Some(&client.token), method, &path, body).await
    }

    /// An endpoint at this address, for these types.
    pub async fn hook(&self, client: &Actor, url: &str, types: &[&str]) -> String {
        let body = json!({"url": url, "eventTypes": types});
        let made = self.hooks(client, Method::POST, "", Some(body)).await;
        made.expect(201)["id"].as_str().unwrap().to_owned()
    }

    pub async fn deliveries(&self, client: &Actor, hook: &str) -> Vec<Value> {
        let list = self
            .hooks(client, Method::GET, &format!("/{hook}/deliveries"), None)
            .await;
        list.expect(200)["items"].as_array().unwrap().clone()
    }

    /// The latest attempt of the latest delivery.
    pub async fn attempt(&self, client: &Actor, hook: &str) -> Value {
        let latest = self.deliveries(client, hook).await[0]["id"].clone();
        let path = format!("/{hook}/deliveries/{latest}");
        let history = self
            .hooks(client, Method::GET, &path, None)
            .await
            .expect(200);
        history["attempts"][0].clone()
    }

    pub async fn secret(&self, client: &Actor, hook: &str) -> String {
        let made = self
            .hooks(client, Method::POST, &format!("/{hook}/secret"), None)
            .await;
        made.expect(200)["secret"].as_str().unwrap().to_owned()
    }
}
