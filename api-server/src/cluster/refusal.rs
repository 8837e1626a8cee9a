//! What the cluster refuses, in REST's words: the members of a request are not those of the resource, and the rules
//! of a schema speak of themselves in a way that only its authors understand.

use kube::core::{Status, response::StatusCause};

use crate::error::{ApiError, Code};

/// Members of resources whose name in REST is another; all others lose their `spec.`.
const MEMBERS: [(&str, &str); 5] = [
    ("spec.source.uri", "sourceUri"),
    ("spec.source.format", "file"),
    ("spec.source", "sourceUri"),
    ("spec.datasetRef.name", "datasetId"),
    ("spec.projectRef.name", "projectId"),
];
/// How the schema's rules put it, and how people do. `…` is a number or a type.
const RULES: [(&str, &str, &str); 11] = [
    (
        "should be greater than or equal to ",
        "",
        "must be at least …",
    ),
    ("should be less than or equal to ", "", "must be at most …"),
    (
        "should be at least ",
        " chars long",
        "must have at least … characters",
    ),
    (
        "should be at most ",
        " chars long",
        "must have at most … characters",
    ),
    (
        "should have at least ",
        " items",
        "must have at least … entries",
    ),
    (
        "should have at most ",
        " items",
        "must have at most … entries",
    ),
    ("should match '", "'", "must have the form …"),
    (
        "may not be more than ",
        " bytes",
        "must have at most … bytes",
    ),
    (
        "may not be longer than ",
        "",
        "must have at most … characters",
    ),
    (
        "must have at most ",
        " items",
        "must have at most … entries",
    ),
    ("supported values: ", "", "must be one of …"),
];
/// What stands before the sentence of an admission policy.
const DENIED: &str = "denied request: ";

/// A request whose resource the cluster does not take.
pub fn invalid(status: &Status) -> ApiError {
    let mut told = std::collections::BTreeMap::new();
    for cause in causes(status) {
        told.entry(member(&cause.field))
            .or_insert_with(|| in_words(&cause.field, &cause.message));
    }
    if !told.is_empty() {
        return ApiError::invalid(Code::InvalidSpec, told);
    }
    let why = match status.message.split_once(DENIED) {
        Some((_, why)) => why.trim(),
        None => "see what the resource's rules say, and correct the request",
    };
    ApiError::filled(Code::InvalidSpec, &[&why.trim_end_matches('.')])
}

/// A change of what somebody else manages.
pub fn managed_elsewhere(status: &Status) -> ApiError {
    let mut error = ApiError::new(Code::ManagedElsewhere);
    for cause in causes(status) {
        // conflict with "kubectl" using datacrowd.io/v1alpha1
        let manager = cause.message.split('"').nth(1).unwrap_or("another one");
        let why = format!("is managed by \"{manager}\"; change it there");
        error = error.detail(member(cause.field.trim_start_matches('.')), why);
    }
    error
}

fn causes(status: &Status) -> impl Iterator<Item = &StatusCause> {
    let details = status.details.as_ref();
    details.into_iter().flat_map(|details| &details.causes)
}

fn member(field: &str) -> String {
    if let Some((_, rest)) = MEMBERS.iter().find(|(resource, _)| *resource == field) {
        return (*rest).to_owned();
    }
    match field.strip_prefix("spec.") {
        Some(rest) => rest.to_owned(),
        None => "body".to_owned(),
    }
}

/// From `Invalid value: 0: spec.batchSize in body should be greater than or equal to 1`.
fn in_words(field: &str, message: &str) -> String {
    if message.starts_with("Required value") {
        return "is missing; add it".to_owned();
    }
    if message.starts_with("Duplicate value") {
        return "is given twice; keep one".to_owned();
    }
    for (before, after, told) in RULES {
        let Some((_, rest)) = message.split_once(before) else {
            continue;
        };
        let end = match after {
            "" => rest.find(':').unwrap_or(rest.len()),
            after => rest.rfind(after).unwrap_or(rest.len()),
        };
        return told.replace('…', &rest[..end].replace('"', ""));
    }
    if message.contains(&format!("{field} in body must be of type")) {
        return "is of the wrong kind; see /docs for its form".to_owned();
    }
    // A rule of ours is a sentence already; what it was asked of stands before it.
    match message
        .strip_prefix("Invalid value: ")
        .and_then(after_value)
    {
        Some(sentence) => sentence.to_owned(),
        None => "does not fit here; see /docs for its form".to_owned(),
    }
}

/// What follows a value written as JSON, or as its type in quotes.
fn after_value(text: &str) -> Option<&str> {
    let mut reader = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    reader.next()?.ok()?;
    text[reader.byte_offset()..].strip_prefix(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_schema_refuses_is_told_in_words() {
        for (field, message, (name, told)) in [
            (
                "spec.batchSize",
                "Invalid value: 0: spec.batchSize in body should be greater than or equal to 1",
                ("batchSize", "must be at least 1"),
            ),
            (
                "spec.displayName",
                "Invalid value: \"\": spec.displayName in body should be at least 1 chars long",
                ("displayName", "must have at least 1 characters"),
            ),
            (
                "spec.displayName",
                "Too long: may not be more than 200 bytes",
                ("displayName", "must have at most 200 bytes"),
            ),
            (
                "spec.labeling.display",
                "Too many: 51: must have at most 50 items",
                ("labeling.display", "must have at most 50 entries"),
            ),
            (
                "spec.labeling.fields[0].name",
                "Invalid value: \"1\": spec.labeling.fields[0].name in body should match '^[A-Z]$'",
                ("labeling.fields[0].name", "must have the form ^[A-Z]$"),
            ),
            (
                "spec",
                "Invalid value: \"object\": closed is one way: a closed project cannot be opened again",
                (
                    "body",
                    "closed is one way: a closed project cannot be opened again",
                ),
            ),
            (
                "spec.source",
                "Invalid value: {\"uri\":\"s3://a/b\"}: source is immutable; apply a Dataset under a new name",
                (
                    "sourceUri",
                    "source is immutable; apply a Dataset under a new name",
                ),
            ),
            (
                "spec.x",
                "Unsupported value: \"y\": supported values: \"A\", \"B\"",
                ("x", "must be one of A, B"),
            ),
            (
                "spec.x",
                "something of the cluster's own",
                ("x", "does not fit here; see /docs for its form"),
            ),
        ] {
            assert_eq!(
                (member(field).as_str(), in_words(field, message).as_str()),
                (name, told)
            );
        }
    }
}
