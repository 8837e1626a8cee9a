//! What every operation of a description has in common: the one error body, the idempotency key, and that it will go.

use axum::http::Method;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Content, Deprecated, OpenApi, Ref, Required, ResponseBuilder,
        path::{Operation, ParameterBuilder, ParameterIn, PathItem},
    },
};

use crate::{guards::deprecation::Deprecation, idempotency};

/// The one error body. Its members are those of the shared type; this one exists to be described.
#[derive(ToSchema)]
#[schema(as = Problem)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body")]
struct ProblemBody {
    /// Always `about:blank`: the code says which problem it is.
    #[schema(example = "about:blank")]
    r#type: String,
    /// The status in words.
    #[schema(example = "Conflict")]
    title: String,
    #[schema(example = 409, minimum = 400, maximum = 599)]
    status: u16,
    #[schema(format = DateTime)]
    timestamp: String,
    /// Path of the request.
    #[schema(example = "/tasks/1/submit")]
    path: String,
    /// A sentence that ends with what to do.
    #[schema(
        example = "The lease has ended; claim again, this task while it is open, or another one."
    )]
    message: String,
    /// Stable; docs/errors.md lists them.
    #[schema(example = "lease_lost", pattern = "^[a-z0-9_]+$")]
    code: String,
    /// Finds the request in the logs.
    correlation_id: String,
    /// Per member of the request, or facts that a program acts on.
    #[schema(value_type = Object)]
    details: serde_json::Value,
}

/// Adds it to a description whose operations are all there.
pub fn complete(mut document: OpenApi) -> OpenApi {
    let components = document.components.get_or_insert_with(Default::default);
    components
        .schemas
        .insert("Problem".to_owned(), ProblemBody::schema());
    for (path, item) in &mut document.paths.paths {
        for operation in operations(item) {
            let problem = ResponseBuilder::new()
                .description("What went wrong, and what to do")
                .content(
                    "application/problem+json",
                    Content::new(Some(Ref::from_schema_name("Problem"))),
                );
            operation
                .responses
                .responses
                .insert("default".to_owned(), problem.build().into());
        }
        if let Some(post) = item.post.as_mut().filter(|_| idempotency::takes_key(path)) {
            let key = ParameterBuilder::new()
                .name("Idempotency-Key")
                .parameter_in(ParameterIn::Header)
                .required(Required::False)
                .description(Some(
                    "The same key and body get the stored answer for a day.",
                ))
                .schema(Some(String::schema()));
            post.parameters
                .get_or_insert_with(Vec::new)
                .push(key.build().into());
        }
    }
    document
}

/// Marks the operations in the description.
pub fn mark(document: &mut OpenApi, deprecations: &[Deprecation]) {
    for going in deprecations {
        let item = document.paths.paths.get_mut(going.path);
        let operation = item.and_then(|item| operation(item, &going.method));
        let operation = operation.unwrap_or_else(|| {
            panic!(
                "{} {} is deprecated and does not exist",
                going.method, going.path
            )
        });
        operation.deprecated = Some(Deprecated::True);
        let note = format!(
            "Ends on {}; call `{}` instead.",
            going.sunset.format("%Y-%m-%d"),
            going.successor
        );
        operation.description = Some(match operation.description.take() {
            Some(text) => format!("{text}\n\n{note}"),
            None => note,
        });
    }
}

/// One operation of a path.
fn operation<'a>(item: &'a mut PathItem, method: &Method) -> Option<&'a mut Operation> {
    match *method {
        Method::GET => item.get.as_mut(),
        Method::PUT => item.put.as_mut(),
        Method::POST => item.post.as_mut(),
        Method::DELETE => item.delete.as_mut(),
        Method::PATCH => item.patch.as_mut(),
        _ => None,
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem {
        get,
        head,
        put,
        post,
        delete,
        patch,
        ..
    } = item;
    [get, head, put, post, delete, patch].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use utoipa::openapi::Deprecated;

    use super::mark;
    use crate::guards::deprecation::{DEPRECATIONS, tests::table};

    /// The members of a schema whose meaning an example has to show.
    fn unclear(document: &Value, schema: &Value, path: &str, found: &mut Vec<String>) {
        if let Some(name) = schema["$ref"].as_str() {
            let name = name.trim_start_matches('#');
            return unclear(document, document.pointer(name).unwrap(), name, found);
        }
        if !schema["example"].is_null() {
            return;
        }
        for key in ["allOf", "oneOf", "anyOf"] {
            for part in schema[key].as_array().into_iter().flatten() {
                unclear(document, part, path, found);
            }
        }
        if schema["items"]["$ref"].is_string() {
            return unclear(document, &schema["items"], path, found);
        }
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            let keys = [
                "example", "enum", "items", "$ref", "allOf", "oneOf", "anyOf",
            ];
            let format = member["format"].as_str().unwrap_or_default();
            let shown = keys.iter().any(|key| !member[key].is_null())
                || member["type"].to_string().contains("boolean")
                || ["uuid", "date-time", "binary"].contains(&format);
            if !shown {
                found.push(format!("{path}/{name}"));
            }
            unclear(document, member, path, found);
        }
    }

    #[test]
    fn what_is_sent_is_shown_by_examples() {
        let document = serde_json::to_value(crate::openapi()).unwrap();
        let mut found = Vec::new();
        for operation in document["paths"].as_object().unwrap().values() {
            for method in operation.as_object().unwrap().values() {
                let json = &method["requestBody"]["content"]["application/json"]["schema"];
                unclear(&document, json, "", &mut found);
            }
        }
        assert!(found.is_empty(), "add #[schema(example = …)] to {found:#?}");
    }

    #[test]
    fn the_description_marks_what_goes() {
        let mut document = crate::openapi();
        mark(&mut document, table());
        let operation = document.paths.paths["/me/points"].get.as_ref().unwrap();
        assert!(operation.deprecated == Some(Deprecated::True));
        let description = operation.description.as_ref().unwrap();
        assert!(description.ends_with("Ends on 2027-06-01; call `/me/balance` instead."));
        assert!(DEPRECATIONS.iter().all(|e| e.sunset > e.since));
    }
}
