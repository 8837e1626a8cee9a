//! What a form is known by when it is sent again: its members and its file, whatever their order and what stands
//! between them. A form is streamed, so this is known at its end only, and is kept with the answer.

use std::collections::BTreeMap;

use axum::{
    extract::{
        DefaultBodyLimit, FromRequest, FromRequestParts, Multipart, Request, multipart::Field,
    },
    http::StatusCode,
};
use datacrowd_protocol::idempotency::StoredAnswer;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::digest;
use crate::{
    app::App,
    error::{ApiError, ApiResult},
    limits::{self, TimeLimit, Window},
    routes::broken_form,
};

/// What the file of an upload is called in its form.
pub const FILE: &str = "file";
/// What else an upload may say.
pub const MEMBERS: [&str; 5] = [
    "batchSize",
    "maxInvalidRows",
    "delimiter",
    "encoding",
    "multiline",
];
/// Where it stands among what is kept of an answer's headers.
pub const KEPT_AS: &str = "form";

/// What came of a form.
#[derive(Debug, Default)]
pub struct FormSeen(BTreeMap<String, String>);

/// A form as a digest: an answer carries it to where it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormDigest(pub String);

impl FormSeen {
    /// Whether a member came already.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// One of [`MEMBERS`]; of several with one name the last counts.
    pub fn member(&mut self, name: &str, text: &str) {
        self.0.insert(name.to_owned(), text.trim().to_owned());
    }

    /// The file.
    pub fn file(&mut self, name: &str, sha256: &str) {
        self.0.insert(FILE.to_owned(), format!("{sha256} {name}"));
    }

    /// All of it.
    pub fn digest(&self) -> FormDigest {
        let text = serde_json::to_string(&self.0).expect("texts by name are JSON");
        FormDigest(hex::encode(digest([text.as_bytes()])))
    }
}

/// Drains a repeated upload, and says whether it is the one that the stored answer tells of.
pub async fn is_same(request: Request, app: &App, answer: &StoredAnswer) -> ApiResult<bool> {
    let (mut parts, body) = request.into_parts();
    let Ok(time) = TimeLimit::from_request_parts(&mut parts, app).await;
    time.lift();
    let window = Window::default();
    let body = limits::form(body, app.settings.upload_idle, &window);
    let mut request = Request::from_parts(parts, body);
    // The route lifts it for the first request; this one does not come as far.
    DefaultBodyLimit::disable().apply(&mut request);
    let mut form = Multipart::from_request(request, app)
        .await
        .map_err(|_| ApiError::framework(StatusCode::BAD_REQUEST))?;
    let (mut seen, mut sha256, mut is_known) = (FormSeen::default(), None, true);
    let mut fields = 0;
    while let Some(field) = form.next_field().await.map_err(broken_form)? {
        window.open();
        fields += 1;
        // More than there are: another form, and one that may have no end.
        if fields > MEMBERS.len() + 1 {
            return Ok(false);
        }
        let name = field.name().unwrap_or_default().to_owned();
        if name == FILE && sha256.is_none() {
            let file_name = field.file_name().unwrap_or_default().to_owned();
            let file = file_digest(app, field, &window).await?;
            seen.file(&file_name, &file);
            sha256 = Some(file);
        } else if MEMBERS.contains(&name.as_str()) {
            let text = field.text().await.map_err(broken_form)?;
            seen.member(&name, &text);
        } else {
            // Read on: a client that is still writing would meet a closed connection instead of the answer.
            is_known = false;
        }
    }
    let is_same = match answer.headers[KEPT_AS].as_str() {
        Some(kept) => kept == seen.digest().0,
        // Of an answer from before members were compared.
        None => {
            let stored: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            sha256.is_some_and(|file| stored["sha256"] == file)
        }
    };
    Ok(is_known && is_same)
}

async fn file_digest(app: &App, mut field: Field<'_>, window: &Window) -> ApiResult<String> {
    let (mut hasher, mut size) = (Sha256::new(), 0);
    while let Some(chunk) = field.chunk().await.map_err(broken_form)? {
        window.open();
        size += chunk.len() as u64;
        if size > app.settings.max_upload_bytes {
            return Err(ApiError::framework(StatusCode::PAYLOAD_TOO_LARGE));
        }
        hasher.update(&chunk);
    }
    Ok(hex::encode(hasher.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_known_by_its_members_and_its_file_in_any_order() {
        let seen = |members: &[(&str, &str)], file: (&str, &str)| {
            let mut seen = FormSeen::default();
            for (name, text) in members {
                seen.member(name, text);
            }
            seen.file(file.0, file.1);
            seen.digest()
        };
        let file = ("items.csv", "ab");
        let (size, most) = (("batchSize", "10"), ("maxInvalidRows", "1"));
        let form = seen(&[size, most], file);
        assert_eq!(seen(&[most, ("batchSize", " 10")], file), form);
        for other in [
            seen(&[size], file),
            seen(&[most, ("batchSize", "99")], file),
            seen(&[size, most, ("multiline", "true")], file),
            seen(&[size, most], ("items.csv", "ac")),
            seen(&[size, most], ("items.jsonl", "ab")),
        ] {
            assert_ne!(other, form);
        }
    }
}
