//! The internal API's description, held against what is really asked and answered: the same check sits in
//! front of the real server, of the operator's fake of it and of the runner's.

use std::sync::{Arc, LazyLock, Mutex};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::StatusCode,
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
};
use jsonschema::Validator;
use serde_json::{Value, from_slice, json};

const DOCUMENT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../api-server/openapi-internal.json"
);

/// Fails the test when it is dropped, if anything did not fit.
#[derive(Debug, Clone, Default)]
pub struct Contract(Breaches);

struct Operation {
    method: String,
    path: Vec<String>,
    request: Option<Validator>,
    answers: Vec<(String, Option<Validator>)>,
}

/// Compiled once for all tests of a process: it takes longer than many a test.
static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(operations);

type Breaches = Arc<Mutex<Vec<String>>>;

impl Contract {
    /// The router with the check in front of it.
    pub fn observe(&self, router: Router) -> Router {
        router.layer(from_fn_with_state(Arc::clone(&self.0), observe))
    }
}

impl Drop for Contract {
    fn drop(&mut self) {
        let breaches = std::mem::take(&mut *self.0.lock().unwrap());
        assert!(
            breaches.is_empty() || std::thread::panicking(),
            "not as api-server/openapi-internal.json says:\n{}",
            breaches.join("\n")
        );
    }
}

fn operations() -> Vec<Operation> {
    let document: Value = from_slice(&std::fs::read(DOCUMENT).unwrap()).unwrap();
    let validator = |content: &Value| {
        let schema = content.pointer("/application~1json/schema")?;
        let whole = json!({"allOf": [schema], "components": document["components"]});
        Some(jsonschema::validator_for(&whole).unwrap())
    };
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let answers = operation["responses"].as_object().unwrap();
            operations.push(Operation {
                method: method.to_uppercase(),
                path: path.split('/').map(Into::into).collect(),
                request: validator(&operation["requestBody"]["content"]),
                answers: answers
                    .iter()
                    .map(|(status, answer)| (status.clone(), validator(&answer["content"])))
                    .collect(),
            });
        }
    }
    operations
}

impl Operation {
    fn is(&self, method: &str, path: &str) -> bool {
        let segments: Vec<_> = path.split('/').collect();
        self.method == method
            && self.path.len() == segments.len()
            && self
                .path
                .iter()
                .zip(segments)
                .all(|(known, asked)| known.starts_with('{') || known == asked)
    }

    /// What of a request that was done, and of its answer, is not as described.
    fn breach(&self, request: &[u8], status: StatusCode, answer: &[u8]) -> Option<String> {
        let described = self.answers.iter().find(|(s, _)| s == status.as_str());
        let Some((_, schema)) = described else {
            return Some(format!("{status} is not described"));
        };
        let request = wrong(self.request.as_ref(), request).map(|w| format!("the request: {w}"));
        request.or_else(|| wrong(schema.as_ref(), answer).map(|w| format!("the {status}: {w}")))
    }
}

fn wrong(schema: Option<&Validator>, body: &[u8]) -> Option<String> {
    let schema = schema?;
    match from_slice(body) {
        Ok(body) => schema
            .iter_errors(&body)
            .next()
            .map(|error| format!("{error} at {} in {body}", error.instance_path())),
        Err(error) => Some(error.to_string()),
    }
}

/// What was refused is not looked at: tests ask wrongly on purpose.
async fn observe(State(breaches): State<Breaches>, request: Request, next: Next) -> Response {
    let (method, path) = (
        request.method().to_string(),
        request.uri().path().to_owned(),
    );
    if !path.starts_with("/internal/") {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let Ok(asked) = to_bytes(body, usize::MAX).await else {
        // Whoever asked went away before the end, and nobody acts on a part.
        return StatusCode::BAD_REQUEST.into_response();
    };
    let request = Request::from_parts(parts, Body::from(asked.clone()));
    let (parts, body) = next.run(request).await.into_parts();
    let answered = to_bytes(body, usize::MAX).await.unwrap_or_default();
    if parts.status.is_success() {
        let operation = OPERATIONS.iter().find(|o| o.is(&method, &path));
        let breach = match operation {
            Some(operation) => operation.breach(&asked, parts.status, &answered),
            None => Some("is not described".to_owned()),
        };
        if let Some(breach) = breach {
            let breach = format!("{method} {path}: {breach}");
            breaches.lock().unwrap().push(breach);
        }
    }
    Response::from_parts(parts, Body::from(answered))
}
