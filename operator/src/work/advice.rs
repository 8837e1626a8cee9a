//! The remedy of a failure, as a command that works when it is pasted. Pure.

use datacrowd_crds::{condition::Reason, names::RETRY_AT};

use crate::{command::kubectl, managed::Identity};

/// What to do about a failure, as a command. What was read of a file stays read: while nothing was, a corrected file
/// takes its place; afterwards another content needs another resource, as another setting always does. It goes on from
/// the runner's message, whose remedy may be either. Another limit of invalid rows is noticed by itself.
pub(crate) fn advice(
    reason: Reason,
    kind: &str,
    who: &Identity,
    replaceable: bool,
) -> Option<String> {
    let name = &who.name;
    let retry = || {
        kubectl(
            who,
            format_args!("annotate {kind} {name} --overwrite {RETRY_AT}=$(date +%s)"),
        )
    };
    let again = source_of(kind);
    let apply = || {
        let file = again.to_lowercase();
        kubectl(who, format_args!("apply -f {file}.yaml"))
    };
    match reason {
        Reason::CredentialsRejected
        | Reason::SourceNotFound
        | Reason::SourceForbidden
        | Reason::DeadlineExceeded
        | Reason::BackoffLimitExceeded
        | Reason::OutOfMemory
        | Reason::Misconfigured => Some(format!("Then ask for another attempt: {}", retry())),
        Reason::BadInput if replaceable => Some(format!(
            "Once a corrected file is in its place, ask for another attempt: {}",
            retry()
        )),
        Reason::BadInput => Some(format!(
            "Apply a {again} under a new name, with the corrected file or setting: {}",
            apply()
        )),
        Reason::SourceChanged | Reason::InvalidModel => Some(format!(
            "Apply a {again} under a new name with the corrected file: {}",
            apply()
        )),
        _ => None,
    }
}

/// The kind that names the file, and so is applied anew with another one.
fn source_of(kind: &str) -> &'static str {
    match kind {
        "model" | "prediction" => "Model",
        _ => "Dataset",
    }
}
