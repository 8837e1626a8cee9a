//! `Idempotency-Key` on requests that create: the same key and body get the stored answer. Keys live in the
//! database of the context that knows the effect.
//!
//! A registration is a row in Postgres, and stores its answer in its own transaction ([`AnswerKey`]). A project, a
//! dataset, an export, a model and a prediction are resources in Kubernetes: their name is derived from the request ([`SameRequest`]), and a
//! repetition finds what is there.

mod answer_key;
mod form;

use std::time::Duration;

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use datacrowd_idempotency::{IdempotencyStore, Key, KeyState, RequestDigest, StoredAnswer};
use datacrowd_protocol::ids::ProjectId;
use serde_json::{Map, Value};
use tracing::Instrument;
use uuid::Uuid;

pub use answer_key::{AnswerKey, stored};

use datacrowd_outbox::go_on;

use crate::{
    auth::{Owner, bearer},
    digest,
    error::{ApiError, ApiResult, Code},
    extract::is_form,
    paths,
    state::App,
    upload_form::FormDigest,
};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// Longest key in characters.
const MAX_KEY: usize = 255;
/// Largest request and answer that are looked at; both are JSON.
const MAX_BYTES: usize = 1024 * 1024;
/// How often a request that still runs says so.
const PROLONG: Duration = Duration::from_secs(30);
/// Headers that belong to a stored answer.
const KEPT: [HeaderName; 3] = [header::CONTENT_TYPE, header::ETAG, header::LOCATION];

/// Where the effect of a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// In the database `auth`.
    Postgres,
    /// In the cluster or the object store; the database `core` knows it.
    Kubernetes,
}

/// What creates. A personal token is not among them: its answer holds a secret, and its name is unique.
const CREATING: [(&str, Effect); 9] = [
    ("/auth/register", Effect::Postgres),
    ("/projects", Effect::Kubernetes),
    ("/projects/{id}/datasets", Effect::Kubernetes),
    ("/projects/{id}/inboxes", Effect::Kubernetes),
    ("/projects/{id}/export", Effect::Kubernetes),
    ("/projects/{id}/models", Effect::Kubernetes),
    ("/projects/{id}/predictions", Effect::Kubernetes),
    ("/projects/{id}/items", Effect::Kubernetes),
    ("/upload", Effect::Kubernetes),
];

/// Whether posts to this path take a key.
pub fn takes_key(path: &str) -> bool {
    CREATING.iter().any(|(creating, _)| *creating == path)
}

/// A digest over caller, key, path and body: what a repeated request names its resource by, so that
/// also one whose first try died after its effect creates nothing new.
#[derive(Debug, Clone, Copy)]
pub struct SameRequest(pub Option<[u8; 32]>);

impl SameRequest {
    /// An id that a repetition has as well; without a key, one that nothing has.
    #[must_use]
    pub fn id(self) -> Uuid {
        let derived = self.0.and_then(|digest| digest.first_chunk().copied());
        derived.map_or_else(Uuid::now_v7, |bytes| {
            uuid::Builder::from_custom_bytes(bytes).into_uuid()
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SameRequest {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get().copied().unwrap_or(Self(None)))
    }
}

/// Answers a repeated request as the first; lets every other one pass.
pub async fn replay(State(app): State<App>, request: Request, next: Next) -> Response {
    let Some(effect) = effect_of(&request) else {
        return next.run(request).await;
    };
    match once(app, effect, request, next).await {
        Ok(response) => response,
        Err(refused) => refused.into_response(),
    }
}

fn effect_of(request: &Request) -> Option<Effect> {
    if request.method() != Method::POST || !request.headers().contains_key(KEY) {
        return None;
    }
    let path = request.extensions().get::<MatchedPath>()?.as_str();
    let path = paths::unversioned(path);
    CREATING
        .iter()
        .find(|(creating, _)| *creating == path)
        .map(|(_, effect)| *effect)
}

async fn once(app: App, effect: Effect, request: Request, next: Next) -> ApiResult<Response> {
    let (mut parts, body) = request.into_parts();
    let caller = match bearer(&parts.headers) {
        // Who is not let in is told so by the handler.
        Some(token) => match app.accounts.verify_access(token, app.now()).await {
            Ok(caller) => caller.user_id.to_string(),
            Err(_) => return Ok(next.run(Request::from_parts(parts, body)).await),
        },
        None => "anybody".to_owned(),
    };
    let given = given_key(&parts.headers)?;
    let key = Key(digest::of([caller.as_bytes(), given]));
    let is_form = is_form(&parts.headers);
    // A form is streamed, and its boundary differs each time: what is in it is compared at its end instead.
    let (body, bytes) = if is_form {
        (body, Bytes::new())
    } else {
        let bytes = to_bytes(body, MAX_BYTES)
            .await
            .map_err(|_| ApiError::framework(StatusCode::PAYLOAD_TOO_LARGE))?;
        (Body::from(bytes.clone()), bytes)
    };
    let asked = asked(effect, given, &parts, &bytes);
    let store = store_of(&app, effect);
    match store.begin(key, asked, app.now()).await.map_err(database)? {
        KeyState::Fresh => {
            let same = SameRequest((!is_form).then(|| digest::of([&key.0, &asked.0])));
            parts.extensions.insert(same);
            let answered = (effect == Effect::Postgres).then_some(key);
            parts.extensions.insert(AnswerKey(answered));
            let request = Request::from_parts(parts, body);
            // The work goes on when its client does not, so that its answer is there for the next try.
            let work = work(app, store, key, next.run(request)).in_current_span();
            match tokio::spawn(go_on(work)).await {
                Ok(response) => response,
                Err(panic) => std::panic::resume_unwind(panic.into_panic()),
            }
        }
        KeyState::Answered(answer) => {
            if effect == Effect::Kubernetes {
                may_read(&app, &mut parts, &answer).await?;
            }
            let request = Request::from_parts(parts, body);
            answer_again(&app, request, is_form, answer).await
        }
        KeyState::OtherRequest => Err(reused()),
        KeyState::Running(_) => Err(running()),
    }
}

fn given_key(headers: &HeaderMap) -> ApiResult<&[u8]> {
    let given = headers.get(KEY).map(HeaderValue::as_bytes);
    given
        .filter(|key| (1..=MAX_KEY).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic))
        .ok_or_else(|| {
            ApiError::invalid_member(
                "Idempotency-Key",
                "must have 1 to 255 visible ASCII characters",
            )
        })
}

/// What a request is known by beside its caller and key.
fn asked(effect: Effect, given: &[u8], parts: &Parts, body: &[u8]) -> RequestDigest {
    let path = paths::unversioned(parts.uri.path()).as_bytes();
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    RequestDigest(match effect {
        // The body holds a password, and a digest of it is guessed a million times faster than its Argon2id. The key
        // itself is nowhere in the database.
        Effect::Postgres => digest::of([given, path, query, body]),
        Effect::Kubernetes => digest::of([path, query, body]),
    })
}

/// The stored answer, for the request that it was given to.
async fn answer_again(
    app: &App,
    request: Request,
    is_form: bool,
    answer: StoredAnswer,
) -> ApiResult<Response> {
    let is_same = match is_form {
        true => form::is_same(request, app, &answer).await?,
        // An empty body has the digest that every form has here.
        false => answer.headers[form::KEPT_AS].is_null(),
    };
    match is_same {
        true => Ok(replayed(answer)),
        false => Err(reused()),
    }
}

/// Whether this caller would still be let in, and still to this tenant: a stored answer tells of its things, and a
/// token that may only read gets no answer to what it may not do.
async fn may_read(app: &App, parts: &mut Parts, answer: &StoredAnswer) -> ApiResult<()> {
    let owner = Owner::from_request_parts(parts, app).await?;
    let project = RawPathParams::from_request_parts(parts, app).await.ok();
    let project = project.as_ref().and_then(|p| p.iter().next());
    if let Some((_, id)) = project {
        let id = id.parse().map_err(|_| ApiError::not_found())?;
        app.core.project_find(owner.scope(), ProjectId(id)).await?;
        return Ok(());
    }
    let stored: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if let Some(item) = stored["itemId"].as_str() {
        let id = item.parse().map_err(|_| ApiError::not_found())?;
        app.core.item_get(owner.scope(), id, app.now()).await?;
        return Ok(());
    }
    let (_, home) = owner.home()?;
    match stored["namespace"] == home {
        true => Ok(()),
        false => Err(reused()),
    }
}

fn reused() -> ApiError {
    ApiError::new(Code::IdempotencyKeyReused)
}

fn running() -> ApiError {
    ApiError::new(Code::IdempotencyKeyRunning).retry_after(2)
}

/// Runs the request, saying every now and then that it runs, and keeps the answer of one that worked.
async fn work(
    app: App,
    keys: IdempotencyStore,
    key: Key,
    run: impl Future<Output = Response>,
) -> ApiResult<Response> {
    tokio::pin!(run);
    let response = loop {
        match tokio::time::timeout(PROLONG, &mut run).await {
            Ok(response) => break response,
            Err(_) => keys.prolong(key, app.now()).await.map_err(database)?,
        }
    };
    if !(response.status().is_success() || response.status().is_redirection()) {
        keys.release(key).await.map_err(database)?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, MAX_BYTES)
        .await
        .map_err(|error| ApiError::internal(&error))?;
    let mut headers = Map::new();
    for name in KEPT {
        if let Some(value) = parts.headers.get(&name).and_then(|v| v.to_str().ok()) {
            headers.insert(name.to_string(), value.into());
        }
    }
    if let Some(Some(FormDigest(form))) = parts.extensions.get::<Option<FormDigest>>() {
        headers.insert(form::KEPT_AS.to_owned(), form.as_str().into());
    }
    let answer = StoredAnswer {
        status: parts.status.as_u16(),
        headers: Value::Object(headers),
        body: bytes.to_vec(),
    };
    keys.store(key, &answer).await.map_err(database)?;
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

fn replayed(answer: StoredAnswer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    for name in KEPT {
        let value = answer.headers[name.as_str()].as_str();
        if let Some(value) = value.and_then(|v| HeaderValue::from_str(v).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
        .headers_mut()
        .insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

fn database(error: sqlx::Error) -> ApiError {
    ApiError::database(&error)
}

fn store_of(app: &App, effect: Effect) -> IdempotencyStore {
    match effect {
        Effect::Postgres => app.accounts.idempotency(),
        Effect::Kubernetes => app.core.idempotency(),
    }
}

#[cfg(test)]
mod tests;
