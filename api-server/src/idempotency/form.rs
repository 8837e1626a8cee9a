//! An upload that is sent again: its form is streamed, so whether it is the same is known at its end only.

use axum::extract::Request;
use datacrowd_idempotency::StoredAnswer;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    error::ApiResult,
    state::App,
    upload_form::{File, FormReader, MOST_PARTS, Part},
};

/// Where a form's digest stands among what is kept of an answer's headers.
pub const KEPT_AS: &str = "form";

/// Drains a repeated upload, and says whether it is the one that the stored answer tells of.
pub async fn is_same(request: Request, app: &App, answer: &StoredAnswer) -> ApiResult<bool> {
    let mut form = FormReader::open(request, &app.settings).await?;
    let (mut sha256, mut is_known) = (None, true);
    // More parts than there are: another form, and one that may have no end.
    for _ in 0..=MOST_PARTS {
        match form.next().await? {
            Some(Part::File(file)) => sha256 = Some(hash(*file).await?),
            Some(Part::Member { .. }) => {}
            // Read on: a client that is still writing would meet a closed connection instead of the answer.
            Some(Part::Unknown(_)) => is_known = false,
            None => {
                let is_same = sha256.is_some_and(|file| is_known_by(&form, &file, answer));
                return Ok(is_known && is_same);
            }
        }
    }
    Ok(false)
}

fn is_known_by(form: &FormReader, sha256: &str, answer: &StoredAnswer) -> bool {
    match answer.headers[KEPT_AS].as_str() {
        Some(kept) => kept == form.digest(sha256).0,
        // Of an answer from before members were compared.
        None => {
            let stored: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            stored["sha256"] == sha256
        }
    }
}

async fn hash(mut file: File<'_>) -> ApiResult<String> {
    let mut hasher = Sha256::new();
    while let Some(chunk) = file.chunk().await? {
        hasher.update(&chunk);
    }
    Ok(hex::encode(hasher.finalize()))
}
