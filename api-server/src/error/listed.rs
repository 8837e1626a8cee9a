//! Every code that an error's body can carry, as docs/errors.md has it.

use std::{collections::BTreeMap, fmt::Write as _};

use datacrowd_protocol::problem::blanked;

use super::{ApiError, Code};

const HEAD: &str = "\
# Errors

Every error, the framework's own included, is one body: `application/problem+json` with `type`, `title`, `status`, `timestamp`,
`path`, `message`, `code`, `correlationId` and `details` (per member of the request, or facts that a program acts on). Programs
decide by `code`, which does not change; `message` is for people and ends with what to do. An answer with `Retry-After` says when
to try again. A client's own tenant aside, what is another's does not exist: both are 404 `not_found`.

Made by `make generate`; change it where the code is: `api-server/src/error/code.rs`, or `crates/*/src/error.rs`. `…` stands for what
differs each time.

| status | code | says |
|--:|---|---|
";

/// Every code with its status and what is said with it, as a page of Markdown. Of what several places say, the first.
#[must_use]
pub fn listed() -> String {
    let mut rows = BTreeMap::new();
    for error in all() {
        rows.entry((error.status.as_u16(), error.code))
            .or_insert(error.message);
    }
    let mut text = HEAD.to_owned();
    for ((status, code), message) in rows {
        let says = blanked(&message).replace('|', "\\|");
        let _ = writeln!(text, "| {status} | `{code}` | {says} |");
    }
    text
}

/// The API server's own, then what each context refuses.
fn all() -> impl Iterator<Item = ApiError> {
    let own = Code::ALL
        .iter()
        .map(|code| ApiError::saying(*code, code.says()));
    own.chain(datacrowd_billing::Refusal::examples().map(ApiError::from))
        .chain(datacrowd_labelling::Refusal::examples().map(ApiError::from))
        .chain(datacrowd_notifications::Refusal::examples().map(ApiError::from))
}
