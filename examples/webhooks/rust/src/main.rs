//! Takes webhooks of DataCrowd Lab: verifies each, answers, drops repeats, and tells where one is missing.
//!
//! `WEBHOOK_SECRET=whsec_… PORT=8080 cargo run`

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::{env, error::Error};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use standardwebhooks::{HEADER_WEBHOOK_ID, Webhook};
use tokio::net::TcpListener;

/// Bytes; an event has less than 20 kB.
const LARGEST: usize = 1 << 20;
/// Ids.
const REMEMBERED: usize = 100_000;

#[derive(Deserialize)]
struct Event {
    r#type: String,
    subject: String,
    sequence: String,
}

/// What came already. In a service this is a table with a unique webhook-id, which a restart does not empty.
#[derive(Default)]
struct Inbox {
    ids: HashSet<String>,
    order: VecDeque<String>,
    latest: Option<u64>,
}

impl Inbox {
    /// Whether this is new.
    fn take(&mut self, id: &str, sequence: u64) -> bool {
        if !self.ids.insert(id.to_owned()) {
            return false;
        }
        self.order.push_back(id.to_owned());
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
        if let Some(latest) = self.latest
            && sequence > latest + 1
        {
            println!("gap {} to {}", latest + 1, sequence - 1);
        }
        self.latest = self.latest.max(Some(sequence));
        true
    }
}

/// Your work. The sender has its answer by now, so it may take its time.
async fn handle(event: Event, sequence: u64) {
    println!("event {sequence} {} {}", event.r#type, event.subject);
}

struct Receiver {
    webhook: Webhook,
    inbox: Mutex<Inbox>,
}

impl Receiver {
    /// The event, with its number. The body is as it came: JSON that was parsed and written again has another signature.
    fn verified(&self, headers: &HeaderMap, body: &[u8]) -> Result<(Event, u64), Box<dyn Error>> {
        self.webhook.verify(body, headers)?;
        let event: Event = serde_json::from_slice(body)?;
        let sequence = event.sequence.parse()?;
        Ok((event, sequence))
    }
}

async fn receive(
    State(receiver): State<Arc<Receiver>>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let (event, sequence) = match receiver.verified(&headers, &body) {
        Ok(verified) => verified,
        Err(refusal) => {
            eprintln!("refused: {refusal}");
            return StatusCode::BAD_REQUEST;
        }
    };
    let id = headers
        .get(HEADER_WEBHOOK_ID)
        .and_then(|id| id.to_str().ok())
        .unwrap_or_default();
    // Two attempts may arrive at once: it is asked and noted under one lock.
    let new = receiver
        .inbox
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take(id, sequence);
    if new {
        tokio::spawn(handle(event, sequence));
    } else {
        println!("repeat {id}");
    }
    StatusCode::NO_CONTENT // also to a repeat, or it comes again
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = env::var("WEBHOOK_SECRET").unwrap_or_default();
    if secret.is_empty() {
        // The library would take it, and anybody could sign.
        return Err("set WEBHOOK_SECRET to the secret of the endpoint: whsec_…".into());
    }
    let receiver = Arc::new(Receiver {
        webhook: Webhook::new(&secret)?,
        inbox: Mutex::default(),
    });
    let host = env::var("HOST").unwrap_or_else(|_| "127.0.0.1".to_owned());
    let port = env::var("PORT").map_or(Ok(8080), |port| port.parse::<u16>())?;
    let listener = TcpListener::bind((host, port)).await?;
    println!("listening on port {}", listener.local_addr()?.port());
    let app = Router::new()
        .fallback(receive)
        .layer(DefaultBodyLimit::max(LARGEST))
        .with_state(receiver);
    axum::serve(listener, app).await?;
    Ok(())
}
